"""Where a loss has no derivative or nearly none: kinks, bends and steep places are told from mistakes."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, losses
from tests.teach.mistakes import (
    _Middle,
    _ReLUOfAll,
    _SoftplusAtOutput,
    check,
    model,
    rows,
    slow_in_python,
    small,
    wrong,
)


@pytest.mark.parametrize("name", ["relu", *(slow_in_python(n) for n in ("leaky_relu", "selu", "step"))])
def test_a_kink_is_no_mistake(name):
    report = check(model(_Middle(name, kernel_initializer="zeros")))
    assert report, str(report)
    found = rows(report)
    assert [found[f"middle/{p}"].kinks for p in ("kernel", "bias")] == [16, 4]
    assert sum(row.kinks for row in report.rows) == 20
    assert str(report).count("only kinks, not judged") == 2


@pytest.mark.parametrize(
    "m",
    [
        small(loss="mae"),
        small(loss="hinge", bias="ones"),
        small(loss=losses.Huber(1.0), bias="ones", activation="relu", kernel_regularizer="l1"),
        small(activation="hard_sigmoid", bias=nn.initializers.Constant(-3.0)),
    ],
)
def test_kinks_of_losses_and_penalties(m):
    report = check(m, np.array([[0.7], [0.9]]), np.array([[0.0, 1.0], [1.0, 0.0]]))
    assert report, str(report)
    assert rows(report)["d/kernel"].kinks > 0


def test_l1_at_zero():
    report = check(small(kernel_regularizer="l1"), np.array([[0.7]]), np.ones((1, 2)))
    assert report
    assert rows(report)["d/kernel"].kinks == 2
    assert rows(report)["d/bias"].kinks == 0


@pytest.mark.parametrize(("activation", "loss"), [("elu", "mse"), (None, losses.Huber(1.0))])
def test_a_bend_in_the_slope_is_no_kink(activation, loss):
    report = check(small(activation=activation, loss=loss), np.array([[0.7]]), np.array([[1.0, -1.0]]))
    assert report, str(report)
    assert sum(row.kinks for row in report.rows) == 0


DISTANCES = [1e-9, 1e-7, 1e-5, 2e-4, 2.5e-4, 4.9995e-4, 5e-4, 9.995e-4, 9.9999e-4, 1e-3, 1.0001e-3, 0.1]


@pytest.mark.compiled
@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("scale", [1.0, 1e-4])
def test_near_a_kink(distance, scale):
    for side in (distance, -distance):
        arguments = {"bias": nn.initializers.Constant(side), "loss": losses.MeanSquaredError()}
        x, y = np.array([[1.0], [0.3]]), scale * np.array([[1.0, -3.0], [0.5, 1.0]])
        report = check(small(activation="relu", **arguments), x, y)
        assert report, str(report)
        if distance >= 1e-5:
            assert sum(row.kinks for row in report.rows) == 0
            report = check(small(activation=_ReLUOfAll(), **arguments), x, y)
            assert wrong(report) == (set() if side > 0 else {"d/kernel", "d/bias"})


@pytest.mark.parametrize("scale", [30.0, 300.0])
def test_steep_and_smooth(scale):
    x, y = np.array([[0.02], [-0.013]]), np.array([[1.0, 2.0], [-1.0, 0.5]])
    arguments = {"kernel": nn.initializers.Constant(scale), "bias": nn.initializers.Constant(0.05)}
    assert check(small(activation="softplus", **arguments), x, y)
    report = check(small(activation=_SoftplusAtOutput(), **arguments), x, y)
    assert wrong(report) == {"d/kernel", "d/bias", "input"}
    assert sum(row.kinks for row in report.rows) == 0


def test_a_loss_that_hides_its_slopes_is_no_proof():
    m = nn.Sequential([layers.Dense(1)])
    m.compile("sgd", "mse")
    report = nn.check_gradients(m, np.full((2, 3), 2.0**-20), np.full((2, 1), 2.0**17), verbose=False)
    assert not report
    assert "CANNOT TELL" in str(report)
