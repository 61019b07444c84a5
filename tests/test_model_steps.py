"""What a model computes: predictions, losses, gradients and training steps, one batch at a time."""

import threading
import time

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, optimizers, random
from numbanet.kernels.dropout import reference
from numbanet.program import Program
from numbanet.step import TRAIN
from tests.models import LABELS, WEIGHTS, X, model, same, train
from tests.oracles import DTYPES, assert_agrees, assert_gradient

# --- prediction


def outputs(device, dtype, samples=40):
    m = nn.Sequential([layers.Dense(5, activation="tanh"), layers.Dense(33)])
    m.build((4,), device, dtype)
    x = np.random.default_rng(1).standard_normal((samples, 4)).astype(dtype)
    return lambda size: m.predict(x, batch_size=size)


@pytest.mark.parametrize("dtype", DTYPES)
def test_predictions_do_not_depend_on_the_batch_size(dtype):
    # whole tiles of four rows give the same bits; rows that remain round otherwise
    predict = outputs("cpu", dtype)
    expected = predict(40)
    for size in (1, 3, 7, 11, 39):
        assert_agrees(predict(size), expected)
    for size in (4, 8, 16, 36, 64, 10_000):
        assert np.array_equal(predict(size), expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_predictions_of_the_reference_have_the_same_bits(dtype):
    predict = outputs("reference", dtype, 7)
    assert all(np.array_equal(predict(size), predict(7)) for size in (1, 2, 3, 5, 6, 100))


def test_predictions_are_new_arrays():
    m = model()
    y = m.predict(X)
    kept = y.copy()
    m.predict(-X)
    assert np.array_equal(y, kept)


def test_predict_needs_no_loss():
    m = nn.Sequential(model().layers)
    m.build((4,))
    assert np.array_equal(m.predict(X), model().predict(X))
    assert m.predict(X[:1]).shape == (1, 3)


def test_a_short_last_batch_counts_by_its_samples():
    m = model(metrics=["accuracy", nn.metrics.ConfusionMatrix(3)])
    expected = m.evaluate(X, LABELS)
    guesses = m.predict(X).argmax(1)
    assert expected["accuracy"] == np.mean(guesses == LABELS)
    for size in (1, 4, 7, 21):
        found = m.evaluate(X, LABELS, batch_size=size)
        assert found["accuracy"] == expected["accuracy"]
        assert np.array_equal(found["confusion_matrix"], expected["confusion_matrix"])
        assert found["loss"] == pytest.approx(expected["loss"], rel=1e-6)


def test_evaluate_weighs_samples():
    m = model(metrics=[])
    each = [m.evaluate(X[k : k + 1], LABELS[k : k + 1])["loss"] for k in range(len(X))]
    found = m.evaluate(X, LABELS, batch_size=5, sample_weight=WEIGHTS)["loss"]
    assert found == pytest.approx(np.mean(WEIGHTS * each), rel=1e-6)
    assert m.evaluate(X, LABELS, batch_size=5)["loss"] == pytest.approx(np.mean(each), rel=1e-6)


# --- gradients


@pytest.mark.parametrize("training", [False, True])
def test_gradients_are_what_a_step_applies(training):
    m = train(model(optimizers.SGD(0.5), 0.5 if training else 0.0))
    before = m.get_weights()
    loss, gradients = m.gradients(X, LABELS, training=training)
    assert same(m, before), "nothing is updated"
    assert m.train_on_batch(X, LABELS) == loss
    for old, gradient, new in zip(before, gradients, m.get_weights(), strict=True):
        assert_agrees(new, old - np.float32(0.5) * gradient)
        assert np.abs(gradient).max() > 1e-3


def test_gradients_of_training_use_the_mask_of_the_next_step():
    m = model(dropout=0.5)
    first = m.gradients(X, LABELS, training=True)
    again = m.gradients(X, LABELS, training=True)
    assert first[0] == again[0]
    assert same(first[1], again[1])
    still = m.get_weights()
    m.train_on_batch(X, LABELS)
    m.set_weights(still)
    assert m.gradients(X, LABELS, training=True)[0] != first[0], "another step, another mask"
    assert m.gradients(X, LABELS)[0] == m.evaluate(X, LABELS)["loss"] == m.loss_value(X, LABELS)


@pytest.mark.parametrize("first", [[], [layers.Dropout(0.5)]])
@pytest.mark.parametrize("training", [False, True])
def test_input_gradient(first, training):
    m = nn.Sequential([*first, layers.Dense(5, activation="tanh"), layers.Dropout(0.3), layers.Dense(3)])
    m.build((4,), dtype="float64")
    m.compile("sgd", "sparse_categorical_crossentropy")
    x, weights = X[:6].astype("float64"), WEIGHTS[:6].astype("float64")
    found = m.input_gradient(x, LABELS[:6], weights, training)
    assert found.shape == x.shape
    assert_gradient(found, lambda: m.loss_value(x, LABELS[:6], weights, training), x)


# --- dropout's flag


@pytest.mark.parametrize("rate", [0.25, 0.5])
def test_dropout_is_on_in_training_and_off_elsewhere(rate):
    m = nn.Sequential([layers.Dropout(rate), layers.Dense(4, use_bias=False, kernel_initializer="ones")], seed=7)
    m.build((4,))
    m.compile(optimizers.SGD(1e-30), "mse")
    x, t = np.abs(X), np.zeros((len(X), 4), "float32")
    mask, y = np.zeros(x.size, "float32"), np.zeros(x.size, "float32")
    iteration = np.zeros(1, np.int64)
    off = pytest.approx(np.mean(x.sum(1) ** 2), rel=1e-6)
    for step in range(3):
        iteration[0] = step
        reference.forward(x.reshape(-1), rate, 7, random.LAYERS, iteration, mask, y)
        on = pytest.approx(np.mean(y.reshape(x.shape).sum(1) ** 2), rel=1e-6)
        assert m.loss_value(x, t, training=True) == on
        assert m.loss_value(x, t) == m.evaluate(x, t)["loss"] == off
        assert np.allclose(m.predict(x), x.sum(1, keepdims=True), rtol=1e-6)
        trained = m.fit(x, t, len(x), shuffle=False, verbose=0).history["loss"][0] if step else m.train_on_batch(x, t)
        assert trained == on
        assert trained != off


# --- training


def test_lists_and_arrays_train_the_same():
    a, b = model("adam"), model("adam")
    losses = [(a.train_on_batch(X, LABELS), b.train_on_batch(X.tolist(), LABELS.tolist())) for _ in range(3)]
    assert all(u == v for u, v in losses)
    assert isinstance(losses[0][0], float)
    assert losses[2][0] < losses[0][0]
    assert same(a, b)


@pytest.mark.parametrize("other", ["predict", "evaluate", "gradients", "input_gradient", "loss_value", "summary"])
def test_nothing_else_disturbs_training(other):
    a, b = model("adam", 0.5), model("adam", 0.5)
    for k in range(6):
        train(a, 1)
        train(b, 1)
        data = {"predict": (X[: 1 + 4 * k],), "summary": ()}.get(other, (X[: 1 + 4 * k], LABELS[: 1 + 4 * k]))
        getattr(b, other)(*data)
    assert same(a, b)


def test_compile_forgets_the_moments_and_keeps_the_weights():
    m = train(model("adam", 0.5))
    weights = m.get_weights()
    m.compile("adam", "sparse_categorical_crossentropy")
    assert same(m, weights)
    fresh = model("adam", 0.5)
    fresh.set_weights(weights)
    assert same(train(m), train(fresh))
    kept = train(model("adam", 0.5))
    assert not same(train(kept), m)


def test_models_share_an_optimizer_but_not_its_moments():
    shared = optimizers.Adam(0.01)
    a, b = model(shared), model(shared)
    for _ in range(4):
        train(a, 2)
        train(b, 2)
    alone = model(optimizers.Adam(0.01))
    for _ in range(4):
        train(alone, 2)
    assert same(a, b)
    assert same(a, alone)
    shared.learning_rate = 0.5
    assert not same(train(a), train(alone))
    assert same(train(b), a)


def test_sample_weights_do_not_leak_into_the_next_batch():
    a, b = model(), model()
    weighted = a.train_on_batch(X, LABELS, WEIGHTS)
    assert weighted == a_mean(b)
    assert weighted != b.loss_value(X, LABELS)
    for x, y in ((X, LABELS), (X[:5], LABELS[:5]), (X.tolist(), LABELS)):
        b.set_weights(a.get_weights())
        assert a.train_on_batch(x, y) == b.train_on_batch(x, y)
        assert same(a, b)
        a.evaluate(X, LABELS, sample_weight=WEIGHTS)
        a.gradients(X, LABELS, WEIGHTS)
        a.input_gradient(X, LABELS, WEIGHTS)


def a_mean(m):
    """The weighted loss, by the definition."""
    each = [m.loss_value(X[k : k + 1], LABELS[k : k + 1]) for k in range(len(X))]
    return pytest.approx(np.mean(WEIGHTS * each), rel=1e-6)


def test_weights_of_two_are_the_sample_twice():
    a, b = model(), model()
    a.train_on_batch(X, LABELS, np.full(len(X), 2, "float32"))
    _, gradients = b.gradients(X, LABELS)
    b.set_weights([w - np.float32(0.02) * g for w, g in zip(b.get_weights(), gradients, strict=True)])
    for found, expected in zip(a.get_weights(), b.get_weights(), strict=True):
        assert_agrees(found, expected)


def test_batches_may_grow():
    growing, roomy = model("adam", 0.5), model("adam", 0.5)
    roomy.predict(X)
    for n in (4, 9, 4, 22, 9, 1, 4):
        for weights in (None, WEIGHTS[:n], None):
            losses = [m.train_on_batch(X[:n], LABELS[:n], weights) for m in (growing, roomy)]
            assert losses[0] == losses[1]
            losses = [m.gradients(X[:n], LABELS[:n])[0] for m in (growing, roomy)]
            assert losses[0] == losses[1]
    assert same(growing, roomy)


def test_a_step_recorded_before_the_batch_grew_stays_right():
    a, b = model("adam"), model("adam")
    step = a._steps.step(TRAIN, 5)
    a.train_on_batch(X, LABELS)
    b.train_on_batch(X, LABELS)
    step.x[...], step.targets[...] = X[:5], LABELS[:5]
    step.run()
    assert float(step.loss[0]) == b.train_on_batch(X[:5], LABELS[:5])
    assert same(a, b)


@pytest.mark.parametrize(
    "method", ["train_on_batch", "predict", "evaluate", "gradients", "input_gradient", "loss_value", "fit"]
)
def test_threads_take_turns(method, monkeypatch):
    inside, overlaps, run = [], [], Program.run

    def slow(program):
        overlaps.extend(inside)
        inside.append(method)
        time.sleep(0.002)
        run(program)
        inside.pop()

    monkeypatch.setattr(Program, "run", slow)
    together, alone = model(), model()
    data = (X,) if method == "predict" else (X, LABELS)
    quiet = {"verbose": 0} if method == "fit" else {}

    def work():
        for _ in range(3):
            getattr(together, method)(*data, **quiet)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not overlaps
    for _ in range(9):
        getattr(alone, method)(*data, **quiet)
    assert same(together, alone)
