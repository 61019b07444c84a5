"""Masks: steps that do not count change nothing."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, ShapeError
from numbanet.kernels.masking import cpu, reference
from numbanet.kernels.running_mean import cpu as running_mean
from tests.oracles import DTYPES, assert_agrees, poisoned

CELLS = [
    layers.SimpleRNN(5),
    layers.LSTM(5),
    layers.GRU(5),
    layers.GRU(5, reset_after=False),
    layers.LSTM(5, go_backwards=True),
]
LENGTHS = np.array([6, 3, 1, 0, 5])
COUNTS = np.arange(6) < LENGTHS[:, None]
random = np.random.default_rng(0)


def another(cell, **arguments):
    return type(cell).from_config(cell.get_config() | {"name": None} | arguments)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 7, 3), (17, 40, 33)])
def test_cpu_agrees_with_the_reference(shape, dtype):
    x = random.integers(0, 2, shape).astype(dtype)
    mask, y = {}, {}
    for device in (reference, cpu):
        mask[device], y[device] = np.full(shape[:2], np.nan, dtype), poisoned(x)
        device.forward(x, 1.0, mask[device], y[device])
    np.testing.assert_array_equal(mask[cpu], mask[reference])
    np.testing.assert_array_equal(mask[reference], (x != 1.0).any(axis=2))
    np.testing.assert_array_equal(y[cpu], x * mask[reference][..., None])
    np.testing.assert_array_equal(y[cpu], y[reference])
    for device in (reference, cpu):
        dx, found = poisoned(x), poisoned(mask[cpu])
        device.backward(x, mask[cpu], dx)
        np.testing.assert_array_equal(dx, y[cpu])
        device.indices(np.ascontiguousarray(x[..., 0]), found)
        np.testing.assert_array_equal(found, x[..., 0] != 0)
        weights, weighed = random.random(mask[cpu].size).astype(dtype), np.full(mask[cpu].size, np.nan, dtype)
        device.weigh(weights, mask[cpu].reshape(-1), weighed)
        rows, state = x.reshape(-1, shape[2]) + 1, np.zeros(2)
        device.leave_out(mask[cpu].reshape(-1), rows)
        np.testing.assert_array_equal(rows, (x.reshape(-1, shape[2]) + 1) * mask[cpu].reshape(-1, 1))
        running_mean.update_masked(np.full(1, 0.5, dtype), mask[cpu].reshape(-1), state)
        np.testing.assert_array_equal(state, mask[cpu].sum() * np.array([0.5, 1.0]))
        counted = weights * mask[cpu].reshape(-1)
        assert_agrees(weighed, counted * (counted.size / max(mask[cpu].sum(), 1.0)))


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("cell", CELLS, ids=repr)
def test_padding_changes_nothing(cell, device):
    """The last state of a padded sequence is that of the sequence alone, whatever its length."""
    padded = nn.Sequential([layers.Masking(-7.0), another(cell), layers.Dense(2)], seed=3)
    padded.build((6, 4), device=device, dtype="float64")
    x = random.standard_normal((5, 6, 4))
    x[~COUNTS] = -7.0
    found = padded.predict(x)
    for n, length in enumerate(LENGTHS):
        if length:
            alone = nn.Sequential([another(cell), layers.Dense(2)], seed=3)
            alone.build((int(length), 4), device=device, dtype="float64")
            alone.set_weights(padded.get_weights())
            np.testing.assert_allclose(found[n], alone.predict(x[n : n + 1, :length])[0], rtol=1e-12, atol=1e-14)
        else:  # nothing counts: the state is the one it began with
            np.testing.assert_array_equal(found[n], padded.get_weights()[-1])


@pytest.mark.parametrize("cell", CELLS, ids=repr)
def test_gradients_with_a_mask(cell):
    model = nn.Sequential(
        [
            layers.Masking(),
            another(cell, return_sequences=True, go_backwards=False),
            layers.Tanh(),
            another(cell),
            layers.Dense(2),
        ],
        seed=1,
    )
    model.build((6, 4), dtype="float64")
    model.compile("sgd", "mse")
    x, y = random.standard_normal((5, 6, 4)), random.standard_normal((5, 2))
    x[~COUNTS] = 0.0
    _, gradients = model.gradients(x, y)
    weights = model.get_weights()
    for k, (weight, gradient) in enumerate(zip(weights, gradients, strict=True)):
        at = np.unravel_index(np.argmax(np.abs(gradient)), gradient.shape)
        values = []
        for step in (1e-5, -1e-5):
            moved = [np.array(w) for w in weights]
            moved[k][at] += step
            model.set_weights(moved)
            values.append(model.loss_value(x, y))
        model.set_weights(weights)
        assert gradient[at] == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-6, abs=1e-9), weight.shape


def test_masked_steps_are_left_out_of_the_loss():
    model = nn.Sequential([layers.Masking(), layers.LSTM(5, return_sequences=True)], seed=1)
    model.build((6, 4), dtype="float64")
    model.compile("sgd", "mse")
    x, y = random.standard_normal((5, 6, 4)), random.standard_normal((5, 6, 5))
    x[~COUNTS] = 0.0
    expected = ((model.predict(x) - y) ** 2).mean(axis=2)[COUNTS].mean()
    assert model.evaluate(x, y)["loss"] == pytest.approx(expected, rel=1e-12)
    _, before = model.gradients(x, y)
    y[~COUNTS] = 1e6
    _, after = model.gradients(x, y)
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


def test_embedding_makes_a_mask_of_zeros():
    model = nn.Sequential([layers.Embedding(7, 4, mask_zero=True), layers.LSTM(3), layers.Dense(1)], seed=1)
    model.build((6,), dtype="float64")
    model.compile("sgd", "mse")
    x = random.integers(1, 7, (5, 6))
    x[~COUNTS] = 0
    found = model.predict(x)
    np.testing.assert_array_equal(model.gradients(x, random.standard_normal((5, 1)))[1][0][0], 0.0)
    weights = model.get_weights()
    weights[0][0] = 100.0  # the vector of what does not count
    model.set_weights(weights)
    np.testing.assert_array_equal(model.predict(x), found)


def test_a_mask_is_refused_where_steps_mix():
    for layer in (
        layers.Flatten(),
        layers.Conv1D(2, 2),
        layers.BatchNormalization(),
        layers.GRU(2, return_sequences=True, go_backwards=True),
    ):
        with pytest.raises(ShapeError, match="expected input without a mask"):
            nn.Sequential([layers.Masking(), layer]).build((6, 4))
    with pytest.raises(ShapeError, match="sequences"):
        nn.Sequential([layers.Masking()]).build((4,))
    with pytest.raises(ArgumentError, match="mask_value"):
        layers.Masking("0")
    with pytest.raises(ShapeError, match="mask_zero"):
        nn.Sequential([layers.Embedding(3, 2, mask_zero=True)]).build((6, 4))
    model = nn.Sequential([layers.Masking(), layers.LSTM(2, return_sequences=True)])
    model.build((6, 4))
    with pytest.raises(ArgumentError, match="metrics: expected none, because the output has a mask"):
        model.compile("sgd", "mse", ["mae"])


def test_lengths_are_a_mask():
    """fit and the others leave out what stands behind a sequence's length."""
    lengths = np.array([6, 3, 1, 2, 5])
    counts = np.arange(6) < lengths[:, None]
    x, y = random.standard_normal((5, 6, 4)), random.standard_normal((5, 2))
    padded = np.where(counts[..., None], x, -7.0)

    def model(*first):
        made = nn.Sequential([*first, layers.GRU(5, name="gru"), layers.Dense(2)], seed=3)
        made.build((6, 4), dtype="float64")
        made.compile("adam", "mse", ["mae"])
        return made

    given, masked = model(), model(layers.Masking(-7.0))
    np.testing.assert_array_equal(given.predict(x, lengths=lengths), masked.predict(padded))
    assert given.evaluate(x, y, lengths=lengths) == masked.evaluate(padded, y)
    assert given.loss_value(x, y, lengths=lengths) == masked.loss_value(padded, y)
    for a, b in zip(given.gradients(x, y, lengths=lengths)[1], masked.gradients(padded, y)[1], strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(given.input_gradient(x, y, lengths=lengths)[~counts], 0.0)
    assert given.train_on_batch(x, y, lengths=lengths) == masked.train_on_batch(padded, y)
    for option in ({"validation_split": 0.4}, {"validation_data": (x, y, None, lengths)}):
        other = {"validation_data": (padded, y)} if "validation_data" in option else option
        a = given.fit(x, y, batch_size=2, epochs=2, lengths=lengths, verbose=0, **option)
        b = masked.fit(padded, y, batch_size=2, epochs=2, verbose=0, **other)
        assert a.history == b.history
    for a, b in zip(given.get_weights(), masked.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    # and without them every step counts again
    assert not np.array_equal(given.predict(x), given.predict(x, lengths=lengths))
    np.testing.assert_array_equal(given.predict(x), given.predict(x, lengths=np.full(5, 6)))


@pytest.mark.parametrize(
    ("lengths", "error", "words"),
    [
        ([6, 3, 1, 2, 7], nn.errors.DataError, r"from 1 to 6.*Received: 7"),
        ([6, 3, 0, 2, 6], nn.errors.DataError, r"from 1 to 6.*Received: 0"),
        ([6, 3, 1, 2], ShapeError, r"\(5,\), received \(4,\)"),
        ([6.0, 3, 1, 2, 3], nn.errors.DtypeError, "whole numbers"),
    ],
)
def test_wrong_lengths_are_refused(lengths, error, words):
    model = nn.Sequential([layers.GRU(2), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(error, match=words):
        model.fit(np.zeros((5, 6, 4), "f"), np.zeros((5, 1), "f"), lengths=lengths, verbose=0)


def test_lengths_of_what_is_no_sequence_are_refused():
    model = nn.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ShapeError, match="lengths are those of sequences"):
        model.train_on_batch(np.zeros((5, 6), "f"), np.zeros((5, 1), "f"), lengths=[1, 1, 1, 1, 1])
    model = nn.Sequential([layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ShapeError, match=r"Flatten .layer 0.*expected input without a mask"):
        model.train_on_batch(np.zeros((5, 6, 2), "f"), np.zeros((5, 1), "f"), lengths=[1, 1, 1, 1, 1])


def test_lengths_of_indices():
    model = nn.Sequential([layers.Embedding(7, 4), layers.LSTM(3), layers.Dense(1)], seed=1)
    model.build((6,), dtype="float64")
    x, lengths = random.integers(0, 7, (5, 6)), np.array([1, 2, 3, 4, 6])
    found = model.predict(x, lengths=lengths)
    x[np.arange(6) >= lengths[:, None]] = 0
    np.testing.assert_array_equal(model.predict(x, lengths=lengths), found)


def test_the_masked_loss_is_that_of_the_steps_that_count_in_batches_of_any_size():
    model = nn.Sequential([layers.LSTM(4, return_sequences=True)], seed=1)
    model.build((6, 4), dtype="float64")
    model.compile("sgd", "mse")
    x, y = random.standard_normal((5, 6, 4)), random.standard_normal((5, 6, 4))
    lengths = np.array([6, 1, 2, 5, 3])
    counts = np.arange(6) < lengths[:, None]
    expected = ((model.predict(x, lengths=lengths) - y) ** 2).mean(axis=2)[counts].mean()
    for size in (1, 2, 3, 5):
        found = model.evaluate(x, y, batch_size=size, lengths=lengths)["loss"]
        assert found == pytest.approx(expected, rel=1e-12)
    y[~counts] = 1e200  # whose square is infinite
    with np.errstate(over="ignore", invalid="ignore"):  # NumPy warns where loops run as plain Python
        assert model.evaluate(x, y, lengths=lengths)["loss"] == pytest.approx(expected, rel=1e-12)
        loss, gradients = model.gradients(x, y, lengths=lengths)
    assert loss == pytest.approx(expected, rel=1e-12)
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_what_mixes_samples_or_makes_masks_is_refused_inside_other_layers():
    mixing = layers.Residual([layers.Dense(3), layers.BatchNormalization()])
    model = nn.Sequential([layers.TimeDistributed(mixing), layers.LSTM(4)])
    model.build((5, 3))
    with pytest.raises(ShapeError, match="expected input without a mask"):
        model.predict(np.zeros((2, 5, 3), "f"), lengths=[1, 2])
    for make in (
        lambda: layers.TimeDistributed(layers.Embedding(10, 4, mask_zero=True)),
        lambda: layers.TimeDistributed(layers.Masking()),
        lambda: layers.Residual([layers.Masking()]),
        lambda: layers.Residual([layers.Dense(2)], shortcut=layers.Masking()),
    ):
        with pytest.raises(ArgumentError, match=r"makes? no mask"):
            make()
    model = nn.Sequential([layers.Masking(), layers.LSTM(4)])
    model.build((5, 3))
    with pytest.raises(ShapeError, match=r"Masking .* Give either lengths or what it marks"):
        model.predict(np.zeros((2, 5, 3), "f"), lengths=[1, 2])


def test_devices_mask_the_same_value():
    x = random.standard_normal((2, 5, 3)).astype("float32")
    x[:, 3:] = np.float32(0.1)
    found = []
    for device in ("reference", "cpu"):
        model = nn.Sequential([layers.Masking(0.1), layers.LSTM(2)])
        model.build((5, 3), device=device)
        found.append(model.predict(x))
    assert_agrees(found[1], found[0])


def test_a_step_that_stops_being_padding_is_no_wrong_gradient(capsys):
    x = random.standard_normal((3, 5, 2))
    x[:, 0] = 0
    model = nn.Sequential([layers.Masking(), layers.SimpleRNN(4)])
    model.compile("sgd", "mse")
    model.build((5, 2), dtype="float64")
    assert "WRONG" not in str(nn.check_gradients(model, x, random.standard_normal((3, 4))))


@pytest.mark.parametrize(
    "lengths", [[[1], [1, 2]], np.ma.array([1, 2, 3, 4, 5], mask=[0, 1, 0, 0, 0])], ids=["ragged", "masked"]
)
def test_lengths_that_are_no_array_are_refused(lengths):
    model = nn.Sequential([layers.GRU(2), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises((ShapeError, nn.errors.DtypeError), match="lengths"):
        model.fit(np.zeros((5, 6, 4), "f"), np.zeros((5, 1), "f"), lengths=lengths, verbose=0)


def test_gradients_pass_through_masking():
    """Of what lies below it, with no step that is padding, or might become it."""
    below = layers.TimeDistributed(layers.Dense(3))
    model = nn.Sequential([below, layers.Masking(-50.0), layers.SimpleRNN(4)], seed=1)
    model.compile("sgd", "mse")
    model.build((5, 2), dtype="float64")
    report = nn.check_gradients(model, random.standard_normal((3, 5, 2)), random.standard_normal((3, 4)), verbose=False)
    assert bool(report)
