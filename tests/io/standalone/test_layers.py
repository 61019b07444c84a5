"""Every layer, with every configuration of the layers' contract, in both kinds of file."""

import numpy as np
import pytest

import numbanet as nn
from numbanet.io.standalone.c_file import c_text
from tests.layers.test_layer_contract import CASES, every_case, identity, make

from .compiling import build, call, module_of, needs_gcc, random_values, samples

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}


def model_of(name, shape, arguments, dtype="float32"):
    m = nn.Sequential([make(name, arguments)])
    m.build(shape, dtype=dtype)
    return random_values(m) if m.weight_names else m


def inputs(m, n):
    """Random samples, with steps that a mask leaves out."""
    x = samples(m, n)
    if x.ndim == 3 and m._network.index_limit is None:
        x[0, 0], x[-1, -1] = 0, -1
    return x


@every_case
def test_numpy(name, shape, arguments):
    m = model_of(name, shape, arguments)
    x = inputs(m, 3)
    found, expected = module_of(m)["predict"](x), m.predict(x)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def agree_in_c(cases, folder, dtype, *flags):
    """Compile all cases into one library, and compare each."""
    models = {f"n{k}": model_of(*case, dtype) for k, case in enumerate(cases)}
    library = build(folder, {name: c_text(m._network, name) for name, m in models.items()}, *flags)
    for (name, m), case in zip(models.items(), cases, strict=True):
        x = inputs(m, 2)
        found, expected = call(library, name, x, m._network.output_shape), m.predict(x)
        np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[dtype], err_msg=identity(case))


def cases(shapes_of_each):
    """(layer, shape, arguments), with so many of the shapes."""
    every = ((name, shapes[:shapes_of_each], configs) for name, (shapes, configs) in CASES.items())
    return [(name, shape, config) for name, shapes, configs in every for shape in shapes for config in configs]


@needs_gcc
@pytest.mark.compiled
def test_c(tmp_path):
    """The first shape of every layer, with all configurations: some 150 files."""
    agree_in_c(cases(1), tmp_path, "float32", "-O0")


@needs_gcc
@pytest.mark.compiled
@pytest.mark.slow
def test_c_in_double(tmp_path):
    agree_in_c(cases(1), tmp_path, "float64", "-O0")


@needs_gcc
@pytest.mark.compiled
@pytest.mark.nightly
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_c_without_undefined_behaviour_and_in_all_shapes(dtype, tmp_path):
    agree_in_c(cases(None), tmp_path, dtype, "-O1", "-fsanitize=undefined", "-fno-sanitize-recover")
