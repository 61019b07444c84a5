"""check_gradients finds planted mistakes, in the right rows, and does not accuse right gradients."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, losses
from numbanet.layers.activations import _known as ACTIVATIONS
from numbanet.steps import Steps
from tests.teach.mistakes import (
    ALL,
    BELOW,
    LABELS,
    ONE_HOT,
    WEIGHTS,
    X,
    Y,
    _AddsUp,
    _AddsUpInput,
    _ForgottenColumn,
    _Middle,
    _NoBiasGradient,
    _NoMask,
    _OneSign,
    _ReLUOfAll,
    _SlightlyShort,
    _SoftplusAtOutput,
    _StaleInput,
    _SumOfLosses,
    _Transposed,
    _Unsmoothed,
    _Unweighted,
    check,
    model,
    rows,
    slow_in_python,
    small,
    wrong,
)

PLANTED = {
    "activation at the wrong point": (_Middle(_SoftplusAtOutput()), BELOW | {"middle/kernel", "middle/bias"}),
    "relu lets all pass": (_Middle(_ReLUOfAll()), BELOW | {"middle/kernel", "middle/bias"}),
    "transposed product": (_Transposed(), BELOW),
    "no bias gradient": (_NoBiasGradient(), {"middle/bias"}),
    "stale input": (_StaleInput(), {"middle/kernel"}),
    "one sign": (_OneSign(), {"middle/kernel"}),
    "a factor of 1 - 1e-5": (_SlightlyShort(), {"middle/bias"}),
    "adds up the bias": (_AddsUp(), {"middle/bias"}),
    "adds up the input": (_AddsUpInput(), BELOW),
    "dropout without mask": (_NoMask(0.5, name="middle"), BELOW),
}


@pytest.mark.parametrize("mistake", PLANTED)
def test_planted_mistakes_are_found(mistake):
    layer, expected = PLANTED[mistake]
    report = check(model(layer))
    assert wrong(report) == expected
    assert not report.ok
    assert not report
    assert sum(row.kinks for row in report.rows) == 0


def test_the_unplanted_layer_is_right():
    report = check(model(_Middle()))
    assert report
    assert set(rows(report)) == ALL
    assert all(row.worst < 1e-8 for row in report.rows)


@pytest.mark.parametrize(
    ("loss", "y", "arguments"),
    [
        (_SumOfLosses(), Y, {}),
        (_Unweighted(), Y, {"sample_weight": WEIGHTS}),
        (_Unsmoothed(label_smoothing=0.2), ONE_HOT, {}),
    ],
)
def test_mistakes_of_a_loss_show_everywhere(loss, y, arguments):
    assert wrong(check(model(_Middle(), loss), y=y, **arguments)) == ALL


def test_one_element_is_pointed_at():
    report = check(model(_OneSign()))
    row = rows(report)["middle/kernel"]
    assert (row.wrong, row.at, row.elements) == (1, (1, 2), 16)
    assert row.found == pytest.approx(-row.expected, rel=1e-6)
    line = next(line for line in str(report).splitlines() if line.startswith("middle/kernel"))
    assert "WRONG at [1, 2]" in line
    assert str(report).count("WRONG") == 1


def test_small_wrong_element_is_not_hidden_by_large_right_ones():
    m = small(2, 2, kernel="glorot_uniform")
    m.layers[0] = _ForgottenColumn(2, name="d")
    m.build((2,), dtype="float64")
    report = check(m, np.array([[1e4, 1e-4]]), np.array([[1e5, 1e5]]))
    row = rows(report)["d/kernel"]
    assert row.wrong == 1
    assert row.at == (1, 1)


@pytest.mark.parametrize("regularizer", [slow_in_python("l1"), slow_in_python("l2"), "l1_l2"])
def test_forgotten_regularizer(monkeypatch, regularizer):
    middle = _Middle(kernel_regularizer=regularizer)
    assert check(model(middle))
    monkeypatch.setattr(Steps, "_penalty_gradients", lambda self, program: None)
    assert wrong(check(model(middle))) == {"middle/kernel"}


def test_dropout_mistake_shows_in_training_alone():
    m = model(_NoMask(0.5, name="middle"))
    assert check(m, training=False)
    assert not check(m, training=True)


@pytest.mark.compiled
@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_activations_pass(name):
    report = check(model(_Middle(name)))
    assert report, str(report)
    assert sum(row.kinks for row in report.rows) == 0


LOSSES = [
    (losses.MeanSquaredError(), Y, None),
    (losses.MeanAbsoluteError(), Y, None),
    (losses.Huber(0.7), Y, None),
    (losses.Hinge(), 2 * ONE_HOT - 1, None),
    (losses.BinaryCrossentropy(), ONE_HOT, None),
    (losses.BinaryCrossentropy(label_smoothing=0.2), ONE_HOT, None),
    (losses.BinaryCrossentropy(False, 0.2), ONE_HOT, "sigmoid"),
    (losses.CategoricalCrossentropy(), ONE_HOT, None),
    (losses.CategoricalCrossentropy(label_smoothing=0.2), ONE_HOT, None),
    (losses.CategoricalCrossentropy(False, 0.2), ONE_HOT, "softmax"),
    (losses.SparseCategoricalCrossentropy(), LABELS, None),
    (losses.SparseCategoricalCrossentropy(False), LABELS, "softmax"),
]


@pytest.mark.parametrize("weights", [slow_in_python(None), WEIGHTS], ids=["", "weighted"])
@pytest.mark.parametrize(("loss", "y", "last"), LOSSES)
def test_losses_pass(loss, y, last, weights):
    report = check(model(layers.Dropout(0.3), loss, layers.Dense(2, last)), y=y, sample_weight=weights)
    assert report, str(report)


@pytest.mark.compiled
@pytest.mark.parametrize("size", [1e-6, 1e3, 1e6])
def test_small_and_large_losses(size):
    assert not any(row.wrong for row in check(model(_Middle()), y=size * Y).rows)
    m = model(_OneSign(), above=layers.Dense(2, use_bias=False))
    m.set_weights([np.round(w, 1) for w in m.get_weights()])
    assert {row.name for row in check(m, y=m.predict(X) + size * Y).rows if row.wrong} == {"middle/kernel"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_model_is_left_alone(dtype):
    x, y = X.astype(dtype), Y.astype(dtype)
    results = []
    for checked in (True, False):
        m = nn.Sequential([layers.Dense(4, "tanh"), layers.Dropout(0.5), layers.Dense(2)], seed=1)
        m.build((3,), dtype=dtype)
        m.compile("adam", "mse")
        m.train_on_batch(x, y)
        before, kept = m.get_weights(), (x.copy(), y.copy())
        if checked:
            assert check(m, x, y)
            assert m._network.iteration[0] == 1
            assert m._network.dtype == dtype
            assert all(np.array_equal(a, b) for a, b in zip(before, m.get_weights(), strict=True))
            assert np.array_equal(x, kept[0])
            assert np.array_equal(y, kept[1])
        results.append([m.train_on_batch(x, y), *(w.tobytes() for w in m.get_weights())])
    assert results[0] == results[1]


def test_it_builds_a_model_that_is_not_and_prints(capsys):
    m = nn.Sequential([layers.Dense(2)])
    m.compile("sgd", "mse")
    assert nn.check_gradients(m, X.tolist(), Y.tolist())
    printed = capsys.readouterr().out
    assert printed.count("right") == 3
    assert "dense/kernel" in printed
