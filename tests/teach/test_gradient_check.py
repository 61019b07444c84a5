"""check_gradients finds planted mistakes, in the right rows, and does not accuse right gradients."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, losses
from numbanet.kernels import activations, dense, regularization, weight_decay
from numbanet.layers.activations import _known as ACTIVATIONS
from numbanet.steps import Steps

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.standard_normal((5, 3)), RANDOM.standard_normal((5, 2))
LABELS, ONE_HOT = np.array([0, 1, 1, 0, 1]), np.eye(2)[[0, 1, 1, 0, 1]]
WEIGHTS = np.array([0.5, 2.0, 0.0, 1.0, 3.0])
BELOW = {"below/kernel", "below/bias", "input"}
ALL = BELOW | {"middle/kernel", "middle/bias", "above/kernel", "above/bias"}


def slow_in_python(value):
    return pytest.param(value, marks=pytest.mark.compiled)


def model(middle, loss="mse", above=None):
    m = nn.Sequential([layers.Dense(4, "tanh", name="below"), middle, above or layers.Dense(2, name="above")], seed=3)
    m.build((3,), dtype="float64")
    m.compile("sgd", loss)
    return m


def check(m, x=X, y=Y, **arguments):
    return nn.check_gradients(m, x, y, **arguments, verbose=False)


def rows(report):
    return {row.name: row for row in report.rows}


def wrong(report):
    return {row.name for row in report.rows if not row.ok}


def small(units=2, features=1, activation=None, loss="mse", kernel="zeros", bias="zeros", **dense):
    m = nn.Sequential(
        [layers.Dense(units, activation, kernel_initializer=kernel, bias_initializer=bias, name="d", **dense)]
    )
    m.build((features,), dtype="float64")
    m.compile("sgd", loss)
    return m


class _Middle(layers.Dense):
    """A right layer: what the planted mistakes are made from."""

    def __init__(self, activation="tanh", **arguments):
        super().__init__(4, activation, **arguments, name="middle")


class _Transposed(_Middle):
    def backward(self, program, t):
        super().backward(program, t)
        program.call(program.kernels(dense).forward_without_bias, t.saved["dz"], t.parameters["kernel"], t.dx)


class _NoBiasGradient(_Middle):
    def backward(self, program, t):
        super().backward(program, t)
        program.calls = [c for c in program.calls if "backward_bias" not in c.kernel.name or c.owner != self.name]


class _StaleInput(_Middle):
    def describe(self, input_shape):
        d = super().describe(input_shape)
        return layers.Description(d.output_shape, d.parameters, d.saved | {"old": input_shape})

    def backward(self, program, t):
        super().backward(program, t)
        old, loops = t.saved["old"], program.kernels(dense)
        program.call(loops.backward_kernel, t.saved["dz"], old, t.gradients["kernel"])
        program.call(program.kernels(activations).linear, t.x.reshape(-1), old.reshape(-1))


class _OneSign(_Middle):
    def backward(self, program, t):
        super().backward(program, t)
        element = t.gradients["kernel"].reshape(-1)[6:7]
        program.call(program.kernels(weight_decay).apply, np.ones(1), 2.0, element)  # w -= 1 * 2 * w


class _SlightlyShort(_Middle):
    def backward(self, program, t):
        super().backward(program, t)
        program.call(program.kernels(weight_decay).apply, np.ones(1), 1e-5, t.gradients["bias"])


class _AddsUp(_Middle):
    """Adds to `what` instead of overwriting it, which is right on memory of zeros."""

    what = "bias"

    def backward(self, program, t):
        target = t.dx if self.what == "dx" else t.gradients["bias"]
        before = np.zeros_like(target)
        program.call(program.kernels(activations).linear, target.reshape(-1), before.reshape(-1))
        super().backward(program, t)
        program.call(program.kernels(regularization).gradient, before.reshape(-1), 0.0, 0.5, target.reshape(-1))


class _AddsUpInput(_AddsUp):
    what = "dx"


class _SoftplusAtOutput(layers.Softplus):
    def differentiate(self, program, dy, x, y, dx):
        super().differentiate(program, dy, y, y, dx)


class _ReLUOfAll(layers.ReLU):
    def differentiate(self, program, dy, x, y, dx):
        program.call(program.kernels(activations).linear, dy.reshape(-1), dx.reshape(-1))


class _NoMask(layers.Dropout):
    def backward(self, program, t):
        program.call(program.kernels(activations).linear, t.dy.reshape(-1), t.dx.reshape(-1))


class _SumOfLosses(losses.MeanSquaredError):
    def backward(self, program, p, t, weights, saved, dp):
        super().backward(program, p, t, np.full(len(p), float(len(p))), saved, dp)


class _Unweighted(losses.MeanSquaredError):
    def backward(self, program, p, t, weights, saved, dp):
        super().backward(program, p, t, np.ones(len(p)), saved, dp)


class _Unsmoothed(losses.CategoricalCrossentropy):
    def backward(self, program, p, t, weights, saved, dp):
        losses.CategoricalCrossentropy().backward(program, p, t, weights, saved, dp)


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


class _ForgottenColumn(layers.Dense):
    def backward(self, program, t):
        super().backward(program, t)
        element = t.gradients["kernel"].reshape(-1)[3:]
        program.call(program.kernels(weight_decay).apply, np.ones(1), 1.0, element)


@pytest.mark.parametrize("regularizer", ["l1", "l2", "l1_l2"])
def test_forgotten_regularizer(monkeypatch, regularizer):
    middle = _Middle(kernel_regularizer=regularizer)
    assert check(model(middle))
    monkeypatch.setattr(Steps, "_penalty_gradients", lambda self, program: None)
    assert wrong(check(model(middle))) == {"middle/kernel"}


def test_dropout_mistake_shows_in_training_alone():
    m = model(_NoMask(0.5, name="middle"))
    assert check(m, training=False)
    assert not check(m, training=True)


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


@pytest.mark.parametrize("name", ["relu", *(slow_in_python(n) for n in ("leaky_relu", "selu", "step"))])
def test_a_kink_is_no_mistake(name):
    report = check(model(_Middle(name, kernel_initializer="zeros")))
    assert report, str(report)
    found = rows(report)
    assert [found[f"middle/{p}"].kinks for p in ("kernel", "bias")] == [16, 4]
    assert sum(row.kinks for row in report.rows) == 20
    assert str(report).count("only kinks") == 2


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


@pytest.mark.compiled
@pytest.mark.parametrize("size", [1e-6, 1e3, 1e6])
def test_small_and_large_losses(size):
    assert check(model(_Middle()), y=size * Y)
    m = model(_OneSign(), above=layers.Dense(2, use_bias=False))
    m.set_weights([np.round(w, 1) for w in m.get_weights()])
    assert wrong(check(m, y=m.predict(X) + size * Y)) == {"middle/kernel"}


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
