"""Gradient accumulation and the average of the weights, in training."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, optimizers
from numbanet.callbacks import Callback, SwapEMAWeights
from numbanet.errors import StateError
from tests.models import LABELS, X, model, refuses, same

OPTIMIZERS = [
    optimizers.SGD,
    lambda **k: optimizers.SGD(0.05, momentum=0.9, nesterov=True, **k),
    optimizers.Adagrad,
    optimizers.RMSprop,
    optimizers.Adam,
    optimizers.AdamW,
    optimizers.Lion,
]


def linear(optimizer, dtype="float64", seed=0):
    """One layer and no dropout: many batches are one."""
    m = nn.Sequential([layers.Dense(3, activation="tanh"), layers.Dense(3)], seed=seed)
    m.build((4,), dtype=dtype)
    m.compile(optimizer, "sparse_categorical_crossentropy")
    return m


@pytest.mark.parametrize("make", OPTIMIZERS)
def test_four_small_batches_are_one_large_batch(make):
    one, four = linear(make()), linear(make(gradient_accumulation_steps=4))
    x = X.astype("float64")
    for k in range(3):
        rows = np.arange(16) + k
        one.train_on_batch(x[rows], LABELS[rows])
        for part in np.split(rows, 4):
            four.train_on_batch(x[part], LABELS[part])
    assert four.steps_trained == 12
    for a, b in zip(one.get_weights(), four.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_nothing_moves_until_an_update_is_due():
    m = linear(optimizers.Adam(gradient_accumulation_steps=3))
    before, x = m.get_weights(), X.astype("float64")
    for k in range(1, 7):
        m.train_on_batch(x[:8], LABELS[:8])
        assert same(m.get_weights(), before) == (k % 3 != 0)
        before = m.get_weights()


def test_schedules_count_updates_and_dropout_counts_batches():
    asked = []

    class Noted(nn.schedules.Schedule):
        def __call__(self, step):
            asked.append(step)
            return 0.1

    m = nn.Sequential([layers.Dense(30), layers.Dropout(0.5), layers.Dense(3)], seed=0)
    m.build((4,))
    m.compile(optimizers.SGD(Noted(), gradient_accumulation_steps=2), "sparse_categorical_crossentropy")
    asked.clear()
    losses = [m.train_on_batch(X[:8], LABELS[:8]) for _ in range(6)]
    assert asked == [0, 1, 2]
    assert len(set(losses)) == 6, "each batch has a dropout mask of its own"


def test_clipping_is_of_the_mean_gradient():
    torch = pytest.importorskip("torch")
    m = linear(optimizers.SGD(1.0, global_clipnorm=0.1, gradient_accumulation_steps=2))
    w1, b1, w2, b2 = (torch.tensor(w, requires_grad=True) for w in m.get_weights())
    x = X.astype("float64")
    for part in (slice(0, 8), slice(8, 16)):
        m.train_on_batch(x[part], LABELS[part])
        out = torch.tanh(torch.tensor(x[part]) @ w1 + b1) @ w2 + b2
        (torch.nn.functional.cross_entropy(out, torch.tensor(LABELS[part])) / 2).backward()
    torch.nn.utils.clip_grad_norm_([w1, b1, w2, b2], 0.1)
    for found, w in zip(m.get_weights(), (w1, b1, w2, b2), strict=True):
        np.testing.assert_allclose(found, (w - w.grad).detach().numpy(), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("accumulate", [None, 2])
@pytest.mark.parametrize("overwrite", [None, 3])
def test_the_average_follows_the_weights_of_every_update(accumulate, overwrite):
    plain = {"gradient_accumulation_steps": accumulate}
    m = model(optimizers.SGD(0.1, **plain, use_ema=True, ema_momentum=0.7, ema_overwrite_frequency=overwrite))
    average, last, updates = None, m.get_weights(), 0
    for _ in range(8 * (accumulate or 1)):
        m.train_on_batch(X[:8], LABELS[:8])
        if m.steps_trained % (accumulate or 1):
            continue
        updates += 1
        weights = m.get_weights()
        if overwrite and updates % overwrite == 0:
            average = weights  # what was written over them; checked by the kernel's own tests
        else:
            average = weights if average is None else [0.7 * a + 0.3 * w for a, w in zip(average, weights, strict=True)]
        assert not same(weights, last)
        last = weights
        m.swap_average()
        for a, w in zip(average, m.get_weights(), strict=True):
            np.testing.assert_allclose(a, w, rtol=1e-4, atol=1e-6)
        m.swap_average()
        assert same(m.get_weights(), weights)


class Weights(Callback):
    """Notes the weights at the ends of epochs."""

    def on_train_begin(self, logs=None):
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(self.model.get_weights())


def test_the_average_becomes_the_weights_where_fit_ends():
    a, b, seen = model(optimizers.SGD(0.1, use_ema=True)), model(optimizers.SGD(0.1)), Weights()
    a.fit(X, LABELS, 5, epochs=3, verbose=0, callbacks=[seen])
    b.fit(X, LABELS, 5, epochs=3, verbose=0)
    assert same(seen.seen[-1], b.get_weights()), "it changes nothing in the training"
    assert not same(a, b)
    kept = a.get_weights()
    a.swap_average()
    assert same(a.get_weights(), kept)


def test_it_validates_with_the_average():
    a = model(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9))
    b = model(optimizers.SGD(0.1))
    averaged = a.fit(
        X, LABELS, 5, epochs=3, verbose=0, validation_data=(X[:7], LABELS[:7]), callbacks=[SwapEMAWeights()]
    ).history
    plain = b.fit(X, LABELS, 5, epochs=3, verbose=0, validation_data=(X[:7], LABELS[:7])).history
    assert averaged["loss"] == plain["loss"]
    assert averaged["val_loss"] != plain["val_loss"]
    assert a.evaluate(X[:7], LABELS[:7], batch_size=5)["loss"] == averaged["val_loss"][-1], "fit ended with the average"


def test_without_an_average():
    m = model()
    with pytest.raises(StateError, match="use_ema=True"):
        m.swap_average()
    with pytest.raises(StateError, match="use_ema=True"):
        m.fit(X, LABELS, verbose=0, callbacks=[SwapEMAWeights()])
    fresh, before = model(optimizers.SGD(use_ema=True)), model().get_weights()
    fresh.swap_average()
    assert same(fresh.get_weights(), before), "before the first update it is the weights"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"gradient_accumulation_steps": 1}, ("gradient_accumulation_steps", "2 or more")),
        ({"gradient_accumulation_steps": 2.5}, ("gradient_accumulation_steps",)),
        ({"use_ema": 1}, ("use_ema",)),
        ({"use_ema": True, "ema_momentum": 1.5}, ("ema_momentum",)),
        ({"use_ema": True, "ema_overwrite_frequency": 0}, ("ema_overwrite_frequency",)),
        ({"ema_overwrite_frequency": 5}, ("ema_overwrite_frequency", "use_ema=True")),
    ],
)
def test_arguments(arguments, words):
    refuses(lambda: optimizers.Adam(**arguments), "Adam", *words)


def test_an_optimizer_comes_back_from_its_config():
    optimizer = optimizers.Adam(gradient_accumulation_steps=3, use_ema=True, ema_momentum=0.9)
    assert optimizers.Adam(**optimizer.get_config()).get_config() == optimizer.get_config()
    assert "use_ema=True" in repr(optimizer)
    assert "ema" not in repr(optimizers.Adam())
