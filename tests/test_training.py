"""fit: which samples it trains on and in which order, what it reports, and what it leaves behind."""

import contextlib

import numpy as np
import pytest

import numbanet as nn
from numbanet import initializers, layers, optimizers, random
from numbanet.callbacks import Callback
from tests.models import LABELS, WEIGHTS, X, model, same

N = 22
EYE = np.eye(N, dtype="float32")
UNEVEN = np.repeat([0, 1, 2], [12, 6, 4])


class Batches(Callback):
    """Sees which samples each batch held: sample k is one-hot, so that only row k of the kernel answers to it."""

    def __init__(self):
        self.epochs = []

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs.append([])

    def on_train_batch_begin(self, batch, logs=None):
        self.before = self.model.get_weights()[0]

    def on_train_batch_end(self, batch, logs=None):
        changed = self.model.get_weights()[0] != self.before
        self.epochs[-1].append(np.flatnonzero(changed.any(axis=1)).tolist())

    @property
    def orders(self):
        return [[k for batch in epoch for k in batch] for epoch in self.epochs]


def watched(seed=0, y=LABELS, m=None, **fit):
    """A model of one-hot samples after fit, with what its batches held."""
    if m is None:
        m = nn.Sequential([layers.Dense(3, use_bias=False, kernel_initializer=initializers.Zeros())], seed=seed)
        m.compile(optimizers.SGD(0.1), "sparse_categorical_crossentropy", ["accuracy"])
    batches = Batches()
    history = m.fit(EYE, y, **{"batch_size": 1, "callbacks": [batches], "verbose": 0} | fit)
    return m, batches, history.history


@pytest.mark.parametrize("batch_size", [1, 4, 11, 22, 100])
@pytest.mark.parametrize("shuffle", [False, True])
def test_every_sample_is_used_once_an_epoch(batch_size, shuffle):
    m, batches, _ = watched(batch_size=batch_size, shuffle=shuffle, epochs=2)
    for epoch in batches.epochs:
        assert sorted(k for batch in epoch for k in batch) == list(range(N))
        assert [len(batch) for batch in epoch] == [len(x) for x in np.split(EYE, range(batch_size, N, batch_size))]
    if batch_size == 1 and not shuffle:
        # once and not twice: the step of a sample is that of a fresh model
        once = np.full((N, 3), 1 / 3)
        once[np.arange(N), LABELS] -= 1
        m, _, _ = watched(shuffle=shuffle)
        assert np.allclose(m.get_weights()[0], -0.1 * once, rtol=1e-5)


def test_without_shuffle_the_order_is_that_of_the_data():
    _, batches, _ = watched(shuffle=False, epochs=3)
    assert batches.orders == [list(range(N))] * 3


def test_shuffling_is_reproducible_and_new_every_epoch_and_fit():
    m, first, _ = watched(epochs=3)
    _, again, _ = watched(epochs=3)
    _, later, _ = watched(epochs=3, m=m)
    _, other, _ = watched(seed=1, epochs=3)
    assert first.orders == again.orders
    orders = [tuple(order) for batches in (first, later, other) for order in batches.orders]
    assert len({*orders, tuple(range(N))}) == 10


def test_two_fits_are_one_longer_fit():
    a, b = model("adam", 0.5), model("adam", 0.5)
    first, second = (a.fit(X, LABELS, batch_size=5, epochs=2, verbose=0).history["loss"] for _ in range(2))
    assert b.fit(X, LABELS, batch_size=5, epochs=4, verbose=0).history["loss"] == first + second
    assert same(a, b)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_fit_is_train_on_batch_over_the_batches(shuffle, weights):
    a, b = model("adam", 0.5, seed=3), model("adam", 0.5, seed=3)
    found = a.fit(X, LABELS, 5, 3, shuffle=shuffle, sample_weight=weights, verbose=0).history["loss"]
    for epoch in range(3):
        total, order = 0.0, np.arange(N)
        if shuffle:
            order = random.permutation(N, 3, random.SHUFFLE, epoch)
        for start in range(0, N, 5):
            rows = order[start : start + 5]
            loss = b.train_on_batch(X[rows], LABELS[rows], None if weights is None else weights[rows])
            total += loss * len(rows)
        assert found[epoch] == pytest.approx(total / N, rel=1e-12), "the mean over samples, not over batches"
    assert same(a, b)


def test_metrics_are_those_of_the_batches():
    a, b = model(), model()
    found = a.fit(X, LABELS, batch_size=5, shuffle=False, verbose=0).history["accuracy"]
    right = 0
    for start in range(0, N, 5):
        x, y = X[start : start + 5], LABELS[start : start + 5]
        right += int((b.predict(x).argmax(1) == y).sum())
        b.train_on_batch(x, y)
    assert found == [right / N]


def test_history_has_an_entry_for_each_epoch():
    history = model().fit(X, LABELS, epochs=3, verbose=0)
    assert list(history.history) == ["loss", "accuracy"]
    assert history.epoch == [0, 1, 2]
    history = model().fit(X, LABELS, epochs=2, validation_split=0.3, verbose=0)
    assert list(history.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert all(len(values) == 2 for values in history.history.values())
    assert all(isinstance(value, float) for values in history.history.values() for value in values)


def test_training_learns():
    losses = model("adam").fit(X[:9], LABELS[:9], epochs=40, batch_size=9, verbose=0).history["loss"]
    assert losses[-1] < losses[0] - 0.05


# --- validation


def test_validation_split_is_stratified_and_shuffled():
    chosen = []
    for seed in range(3):
        m, batches, history = watched(seed, UNEVEN, validation_split=0.5, epochs=2)
        trained = set(batches.orders[0])
        held = sorted(set(range(N)) - trained)
        assert set(batches.orders[1]) == trained
        assert np.bincount(UNEVEN[held]).tolist() == [6, 3, 2]
        expected = m.evaluate(EYE[held], UNEVEN[held])
        assert history["val_loss"][-1] == pytest.approx(expected["loss"], rel=1e-6)
        assert history["val_accuracy"][-1] == expected["accuracy"]
        chosen.append(tuple(held))
    assert len(set(chosen)) == 3, "it depends on the seed, not on the order of the data"


def test_validation_split_keeps_sample_weights_with_their_samples():
    m, batches, history = watched(y=UNEVEN, validation_split=0.5, sample_weight=WEIGHTS)
    held = sorted(set(range(N)) - set(batches.orders[0]))
    expected = m.evaluate(EYE[held], UNEVEN[held], sample_weight=WEIGHTS[held])
    assert history["val_loss"] == [pytest.approx(expected["loss"], rel=1e-6)]


@pytest.mark.parametrize("weights", [(), (WEIGHTS,)])
@pytest.mark.parametrize("sample_weight", [None, WEIGHTS[::-1]])
@pytest.mark.parametrize("batch_size", [4, 100])
def test_validation_data(weights, sample_weight, batch_size):
    a, b = model("adam", 0.5), model("adam", 0.5)
    x, y = -X[:10], LABELS[:10]
    data = (x, y, *(w[:10] for w in weights))
    train = {"batch_size": batch_size, "epochs": 3, "sample_weight": sample_weight, "verbose": 0}
    found = a.fit(X, LABELS, validation_data=data, **train).history
    plain = b.fit(X, LABELS, **train).history
    assert same(a, b), "validation does not change training"
    assert found["loss"] == plain["loss"]
    expected = a.evaluate(*data[:2], batch_size, *data[2:])
    assert found["val_loss"][-1] == expected["loss"]
    assert found["val_accuracy"][-1] == expected["accuracy"]


def test_validation_may_have_larger_batches_than_training():
    a, b = model("adam"), model("adam")
    a.fit(X[:5], LABELS[:5], epochs=3, validation_data=(X, LABELS), verbose=0)
    b.fit(X[:5], LABELS[:5], epochs=3, verbose=0)
    assert same(a, b)


# --- weights of classes and samples


def test_class_weight_is_a_sample_weight():
    a, b, plain = model("adam"), model("adam"), model("adam")
    found = a.fit(X, LABELS, 5, 2, class_weight={0: 0.5, 1: 1, 2: 3.0}, verbose=0).history
    weights = np.array([0.5, 1, 3], "float32")[LABELS]
    assert found == b.fit(X, LABELS, 5, 2, sample_weight=weights, verbose=0).history
    assert same(a, b)
    assert found["loss"] != plain.fit(X, LABELS, 5, 2, verbose=0).history["loss"]


def test_class_weight_and_sample_weight_multiply():
    a, b = model(), model()
    a.fit(X, LABELS, 5, class_weight={0: 0.5, 1: 1, 2: 3.0}, sample_weight=WEIGHTS, verbose=0)
    b.fit(X, LABELS, 5, sample_weight=np.array([0.5, 1, 3], "float32")[LABELS] * WEIGHTS, verbose=0)
    assert same(a, b)


def test_class_weight_is_not_of_the_validation():
    m = model()
    found = m.fit(X, LABELS, class_weight={0: 9, 1: 1, 2: 1}, validation_data=(X, LABELS), verbose=0).history
    assert found["val_loss"] == [m.evaluate(X, LABELS, 32)["loss"]]


@pytest.mark.parametrize("sample_weight", [None, WEIGHTS])
def test_class_weight_is_not_of_a_split_either(sample_weight):
    given = {"class_weight": {0: 9, 1: 1, 2: 0.5}, "sample_weight": sample_weight}
    m, _, found = watched(y=UNEVEN, validation_split=0.5, batch_size=N, callbacks=[], **given)
    _, batches, _ = watched(y=UNEVEN, validation_split=0.5, **given)
    kept = np.array(sorted(batches.orders[0]))
    held = np.setdiff1d(np.arange(N), kept)
    weights = np.ones(N, "float32") if sample_weight is None else sample_weight
    expected = m.evaluate(EYE[held], UNEVEN[held], sample_weight=weights[held])
    assert found["val_loss"] == [pytest.approx(expected["loss"], rel=1e-6)]
    factors = np.array([9, 1, 0.5])[UNEVEN[kept]] * weights[kept]
    assert found["loss"] == [pytest.approx(np.log(3) * factors.mean(), rel=1e-6)], "of the first step: all logits 0"


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_weights_do_not_outlive_fit(error):
    class Raises(Callback):
        def on_train_batch_end(self, batch, logs=None):
            if error and batch == 1:
                raise error

    a, b = model(), model()
    with pytest.raises(error) if error else contextlib.nullcontext():
        a.fit(X, LABELS, 5, sample_weight=WEIGHTS, callbacks=[Raises()], verbose=0)
    b.set_weights(a.get_weights())
    assert a.train_on_batch(X[:5], LABELS[:5]) == b.train_on_batch(X[:5], LABELS[:5])


# --- a callback that uses the model


@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_train_batch_begin", "on_train_batch_end", "on_epoch_end"])
@pytest.mark.parametrize("method", ["predict", "evaluate", "loss_value", "gradients"])
@pytest.mark.parametrize("samples", [4, 30])
def test_callbacks_may_use_the_model(hook, method, samples):
    x, y = np.tile(X, (2, 1))[:samples], np.tile(LABELS, 2)[:samples]
    seen = []

    def use(callback, at, logs=None):
        m = callback.model
        fresh = model()
        fresh.set_weights(m.get_weights())
        data = (x,) if method == "predict" else (x, y)
        found, expected = (getattr(who, method)(*data) for who in (m, fresh))
        if method == "gradients":
            assert found[0] == expected[0]
        assert method == "gradients" or np.array_equal(found, expected)
        seen.append(at)

    a, b = model("adam"), model("adam")
    train = {"batch_size": 5, "epochs": 2, "sample_weight": WEIGHTS, "verbose": 0}
    found = a.fit(X, LABELS, callbacks=[type("Uses", (Callback,), {hook: use})()], **train)
    assert seen
    assert found.history == b.fit(X, LABELS, **train).history
    assert same(a, b)
