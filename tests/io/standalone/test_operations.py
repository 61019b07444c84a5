"""The rows of operations.py: each has both bodies, and what a row says fits its kernel and its bodies."""

import importlib
import inspect
import re

import numpy as np
import pytest

import numbanet as nn
from numbanet import kernels
from numbanet.devices import get_device
from numbanet.io.standalone.bodies import PYTHON, c_files, c_parameters, c_source, in_double, python_function
from numbanet.io.standalone.c_file import c_text
from numbanet.io.standalone.operations import ACTIVATIONS, GATES, OPERATIONS, SPLIT
from numbanet.kernels._kernel import Kernel
from numbanet.network import Network
from numbanet.program import Program
from tests.layers.test_layer_contract import CASES, make

from .compiling import build, call, forward, needs_gcc

MADE = {key for key, _, _ in SPLIT.values()}  # rows that are no kernels of their own
ROWS = sorted(OPERATIONS)
MATH = {"erfcf", "expf", "expm1f", "fabsf", "floorf", "log1pf", "logf", "sqrtf", "tanhf"}


def used_by_layers():
    """The operations that inference calls, in any configuration of the layers' contract."""
    for name, (shapes, configs) in CASES.items():
        for arguments in configs:
            layer = make(name, arguments, name="layer")
            network = Network([layer], shapes[0], get_device("reference"), "float32", 0)
            program = Program(network.device)
            network.forward(program, 2, training=False)
            yield from (call.kernel.name for call in program.calls)


def test_every_operation_of_an_inference_program_has_both_bodies():
    found = {re.sub(r"^numbanet\.kernels\.(\w+)\.reference\.", r"\1.", name) for name in used_by_layers()}
    assert len(found) > 40
    assert found <= set(OPERATIONS)


@pytest.mark.parametrize("key", ROWS)
def test_a_row_has_bodies_of_one_purpose(key):
    """Both take the arrays, sizes and numbers of the row and no others, and C takes the arrays in their order."""
    operation = OPERATIONS[key]
    given = [a.read for a in operation.arguments if a.read and a.kind in ("array", "number")]
    sizes = {size for a in operation.arguments for size in a.sizes}
    moved = SPLIT[key][1:] if key in SPLIT else ("", ())
    arrays = {a.read for a in operation.arguments if a.kind == "array" and a.read} - set(moved[1]) | {moved[0]} - {""}
    written = [a.written for a in operation.arguments if a.written]
    _, c = c_parameters(operation.body)
    # conv2d without a bias has the body of the one with it
    optional = {"b"} if key.endswith("without_bias") else set()
    assert {name for kind, name in c if kind == "array"} == arrays | set(written) | set(operation.scratch) | optional
    assert {name for kind, name in c if kind != "array"} <= sizes | set(given)
    if operation.body != "fill":
        assert (
            set(inspect.signature(python_function(operation.body)).parameters) <= arrays | sizes | set(given) | optional
        )


@pytest.mark.parametrize("key", sorted(set(ROWS) - MADE))
def test_a_row_has_the_arguments_of_its_kernel(key):
    operation, _, name = key.partition(".")
    found = getattr(importlib.import_module(f"{kernels.__name__}.{operation}.reference"), name)
    assert isinstance(found, Kernel)
    assert len(found.parameters) == len(OPERATIONS[key].arguments)
    if key != "conv2d.backward_input" and key != "zero_padding2d.backward":  # whose dy and dx are x and y here
        names = [a.written if a.written and not a.read else a.read for a in OPERATIONS[key].arguments]
        in_place = {k for k, a in enumerate(OPERATIONS[key].arguments) if a.read and a.written}
        for k, (row, parameter) in enumerate(zip(names, found.parameters, strict=True)):
            assert row == parameter or k in in_place


@pytest.mark.parametrize("body", c_files())
def test_a_c_body_says_what_it_is_and_needs_no_more_than_is_there(body):
    source = c_source(body)
    assert source.startswith("/* ")
    assert all(len(line) <= 120 for line in source.splitlines())
    words = set(re.findall(r"\b(\w+)\(", re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)))
    helpers = {c_parameters(name)[0] for name in c_files()}
    assert words - {"for", "if", "void", "tau", "sigma"} <= helpers | MATH
    double = in_double(source)
    assert not re.search(rf"\bfloat\b|\d\.\d+f\b|\b({'|'.join(MATH)})\(", double)


def test_bodies_cite_equations_of_their_contract():
    cited = 0
    for text in [*map(c_source, c_files()), *(inspect.getdoc(f) or "" for f in PYTHON.values())]:
        for operation, rest in re.findall(r"numbanet\.kernels\.(\w+), ([^:]*)", text):
            equations = set(re.findall(r"\b[FB]\d+\b", rest))
            contract = importlib.import_module(f"{kernels.__name__}.{operation}").__doc__
            assert equations
            assert equations <= set(re.findall(r"\b[FB]\d+\b", contract)), (operation, equations)
            cited += 1
    assert cited > 60


EXTREMES = np.array([-200, -90, -3, -1.5, -1e-3, -0.0, 0, 1e-30, 1e-3, 0.5, 3, 7, 88, 200, np.nan], "float32")


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_in_numpy_is_that_of_the_reference(name):
    expected = np.empty_like(EXTREMES)
    reference = importlib.import_module(f"{kernels.__name__}.activations.reference")
    getattr(reference, name)(EXTREMES, expected)
    found = python_function(name)(EXTREMES)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-30)


@needs_gcc
def test_an_activation_in_c_is_that_of_the_reference(tmp_path):
    """Softmax with rows of extremes, too."""
    models, texts = {}, {}
    for name in [*ACTIVATIONS, "softmax", "log_softmax"]:
        models[name] = m = nn.Sequential([nn.layers.Activation(name)])
        m.build((EXTREMES.size,), "reference")
        texts[f"f_{name}"] = c_text(m._network, f"f_{name}")
    library = build(tmp_path, texts, "-O0")
    for name, m in models.items():
        x = EXTREMES[None]
        for given in (x, np.nan_to_num(x)) if "softmax" in name else (x,):
            found = call(library, f"f_{name}", given, (x.size,))
            np.testing.assert_allclose(found, forward(m, given), rtol=1e-5, atol=1e-30, err_msg=name)


def test_gates_are_the_recurrent_layers_activations():
    assert set(GATES) <= set(PYTHON) & set(c_files())
