"""Contracts are read without losing a word."""

import importlib
import inspect
import re

import pytest

from numbanet import kernels
from numbanet.errors import ArgumentError
from numbanet.kernels import dense
from numbanet.teach.explaining.contract import contract, operations, parse

WITHOUT_SOURCE = {"activations"}  # its table names one for each function


@pytest.mark.parametrize("operation", operations())
def test_nothing_of_a_contract_is_lost(operation):
    text = inspect.cleandoc(importlib.import_module(f"{kernels.__name__}.{operation}").__doc__)
    found = contract(operation)
    assert found.text == text
    assert found.title == text.split("\n\n")[0]
    assert found.shapes
    assert bool(found.source) != (operation in WITHOUT_SOURCE)


@pytest.mark.parametrize("operation", operations())
def test_every_label_that_defines_an_equation_is_found_with_all_of_its_lines(operation):
    found = contract(operation)
    text = found.text
    defined = re.findall(r"^ {4}([FBU]\d+):", text, re.MULTILINE) or re.findall(r"\b([FB]\d): ", text)
    assert list(found.equations) == defined
    shown = [line for equation in found.equations.values() for line in equation.lines]
    inside = [line for p in found.paragraphs for block in p.blocks if block.equation for line in block.lines]
    assert [re.sub(r"^\s*([FBU]\d+: +)?", "", line) for line in inside] in (shown, [])


def test_dense_is_read_as_it_is_written():
    found = contract(dense)
    assert found.operation == "dense"
    assert found.title == "A fully connected layer: every output is a weighted sum of all inputs."
    assert found.shapes.startswith("x (N, I), w (I, O)")
    assert found.equations["F1"].text == "y[n, o] = b[o] + sum over i of x[n, i] w[i, o]"
    assert list(found.of("forward")) == ["F1"]
    assert list(found.of("backward")) == ["B1", "B2", "B3"]
    assert found.saved.startswith("x, which the layer below owns.")
    assert found.source.startswith("Rumelhart, Hinton and Williams")
    assert {"x", "dw", "db"} <= found.names


def test_conditions_belong_to_the_equations_after_them():
    found = contract("lstm").equations
    assert found["F4"].condition == "where mask[n, s] is not 0"
    assert found["F5"].condition == "where it is 0, the step is left out"
    assert found["B6"].condition.startswith("and, where cut is not 0")
    assert contract("dense").equations["B1"].condition == ""


def test_an_equation_goes_on_in_lines_that_are_set_in_further():
    assert contract("huber").equations["F1"].lines[1].startswith("= delta |e| - delta^2 / 2")
    assert len(contract("conv2d").equations["B1"].lines) == 3


def test_equations_in_prose_are_found_where_there_are_no_others():
    assert contract("activations").equations["F1"].text == "y = f(x)"


def test_a_contract_of_ones_own_is_read_too():
    found = parse("twice", "Twice as much.\n\nForward:\n    F1: y[i] = 2 x[i]\n\nNothing is saved.")
    assert found.equations["F1"].text == "y[i] = 2 x[i]"
    assert found.saved == "nothing"
    assert found.names >= {"y", "i"}


def test_an_unknown_operation_is_an_error_with_the_near_one():
    with pytest.raises(ArgumentError, match="Did you mean 'dense'"):
        contract("dens")
