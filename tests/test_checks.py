from fractions import Fraction

import numpy as np
import pytest

from numbanet import checks
from numbanet.errors import ArgumentError

NAN, INF = float("nan"), float("inf")
NO_NUMBERS = [NAN, INF, -INF, "1", None, True, False, [1], 1j, np.bool_(True)]

CASES = [  # check, what it takes, what it refuses, what it says
    (checks.positive_integer, [1, 7, np.int64(3), np.uint8(2)], [0, -1, 1.0, np.float32(1)], "a positive integer"),
    (checks.non_negative_integer, [0, 7, np.int64(0)], [-1, 0.0, 1.5], "an integer of 0 or more"),
    (checks.number, [-1, 0, 1.5, np.float32(0.5), np.int8(-3), Fraction(1, 2)], [], "a finite number"),
    (checks.positive, [1e-300, 2, np.float64(0.5)], [0, 0.0, -1], "a positive number"),
    (checks.non_negative, [0, 0.0, 2.5], [-1e-300, -1], "a number of 0 or more"),
    (checks.fraction, [0, 0.0, 0.999, np.float32(0.5)], [1, 1.0, -0.1, 2], "a number from 0 to 1, without 1"),
]


@pytest.mark.parametrize(("check", "good", "bad", "words"), CASES)
def test_numbers(check, good, bad, words):
    for value in good:
        found = check("Owner", "argument", value)
        assert found == value
        assert type(found) is (int if "integer" in words else float)
    for value in [*bad, *NO_NUMBERS]:
        with pytest.raises(ArgumentError) as caught:
            check("Owner", "argument", value)
        assert str(caught.value) == f"Owner: argument must be {words}. Received: argument={value!r}"


def test_boolean():
    assert checks.boolean("Owner", "argument", True) is True
    assert checks.boolean("Owner", "argument", False) is False
    for value in (0, 1, None, "True", np.bool_(True)):
        with pytest.raises(ArgumentError, match="must be True or False"):
            checks.boolean("Owner", "argument", value)


@pytest.mark.parametrize(
    ("value", "end"),
    [
        ("relu", None),
        ("rellu", "Received: 'rellu'. Did you mean 'relu'?"),
        ("xyz", "Received: 'xyz'."),
        (3, "Received: 3."),
        (None, "Received: None."),
        ([], "Received: []."),
    ],
)
def test_choice(value, end):
    if end is None:
        assert checks.choice("Owner", "argument", value, ("tanh", "relu")) == value
        return
    with pytest.raises(ArgumentError) as caught:
        checks.choice("Owner", "argument", value, ("tanh", "relu"))
    assert str(caught.value) == f"Owner: argument must be one of relu, tanh. {end}"


@pytest.mark.parametrize(
    ("value", "near"),
    [("sgd", "SGD"), ("adm", "Adam"), ("ADAM", "Adam"), ("RELU", "relu"), ("ReLu", "relu"), ("rmsprop", "RMSprop")],
)
def test_choice_suggests_whatever_the_case(value, near):
    known = ("RMSprop", "SGD", "Adam", "relu")
    with pytest.raises(ArgumentError) as caught:
        checks.choice("Owner", "argument", value, known)
    names = "Adam, RMSprop, SGD, relu"
    assert str(caught.value) == f"Owner: argument must be one of {names}. Received: {value!r}. Did you mean {near!r}?"
    assert checks.choice("Owner", "argument", near, known) == near
