"""What an attacker or an unlucky user found: each stays mended."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

import numbanet as nn
from numbanet import callbacks, layers, losses, optimizers
from numbanet.errors import ArgumentError, DataError, DtypeError, NumbanetError, StateError
from numbanet.kernels import _threads, kernel
from numbanet.network import Network
from numbanet.program import Program

X = np.linspace(-1, 1, 80, dtype="float32").reshape(20, 4)
LABELS = np.arange(20) % 3


def model(loss="sparse_categorical_crossentropy", optimizer="sgd"):
    m = nn.Sequential([layers.Dense(5, activation="tanh"), layers.Dense(3)], seed=0)
    m.build((4,))
    m.compile(optimizer, loss)
    return m


class Does(callbacks.Callback):
    def __init__(self, action):
        self.action = action

    def on_train_batch_end(self, batch, logs=None):
        self.action(self.model)


@pytest.mark.parametrize("validation", [False, True])
def test_labels_changed_by_a_callback_are_not_read(validation):
    y, held = LABELS.copy(), LABELS.copy()

    def spoil(_):
        y[:] = held[:] = 10**9

    found = model().fit(X, y, 5, 3, validation_data=(X, held), callbacks=[Does(spoil)], verbose=0)
    expected = model().fit(X, LABELS, 5, 3, validation_data=(X, LABELS), verbose=0)
    assert found.history == expected.history


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "gradients"])
def test_sample_weights_count_for_every_row_of_a_sample(method):
    x = np.linspace(-1, 1, 5 * 4 * 3, dtype="float32").reshape(5, 4, 3)
    y = np.zeros_like(x)

    def found(weights):
        m = nn.Sequential([layers.Activation("softplus")])
        m.build((4, 3))
        m.compile("sgd", "mse")
        if method == "evaluate":
            return m.evaluate(x, y, 3, weights)["loss"]
        return m.loss_value(x, y, weights)

    one = found(np.array([1, 0, 0, 0, 0]))
    assert one == pytest.approx(float((np.log1p(np.exp(x[0].astype("float64"))) ** 2).mean()) / 5, rel=1e-5)
    assert found(np.ones(5)) == pytest.approx(found(None))


@pytest.mark.parametrize("method", ["loss_value", "gradients", "train_on_batch", "evaluate"])
def test_an_interrupt_leaves_no_sample_weights_behind(monkeypatch, method):
    m = model()
    expected = m.loss_value(X, LABELS)
    with monkeypatch.context() as patch:

        def interrupted(self):
            raise KeyboardInterrupt

        m.loss_value(X, LABELS)
        patch.setattr(Program, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            getattr(m, method)(X, LABELS, sample_weight=np.zeros(20))
    assert m.loss_value(X, LABELS) == expected


def test_memory_that_runs_out_leaves_the_model_usable(monkeypatch):
    m = model()
    expected = m.loss_value(X[:6], LABELS[:6])
    with monkeypatch.context() as patch:

        def full(self, n):
            raise MemoryError

        patch.setattr(Network, "reserve", full)
        with pytest.raises(MemoryError):
            m.loss_value(X, LABELS)
    assert m.loss_value(X[:6], LABELS[:6]) == expected
    assert np.isfinite(m.loss_value(X, LABELS))


@pytest.mark.parametrize(
    "action",
    [
        lambda m: m.compile("sgd", "mse"),
        lambda m: m.pop(),
        lambda m: m.add(layers.Dense(3)),
        lambda m: m.build((4,)),
        lambda m: m.fit(X, LABELS),
    ],
)
def test_a_model_is_not_rebuilt_while_fit_runs(action):
    m = model()
    with pytest.raises(StateError, match="not while fit runs"):
        m.fit(X, LABELS, callbacks=[Does(action)], verbose=0)
    m.fit(X, LABELS, verbose=0)
    action(m)


def test_looking_at_a_model_while_fit_runs_changes_nothing():
    def look(m):
        m.predict(np.concatenate([X, X, X]))
        m.evaluate(X, LABELS, sample_weight=np.zeros(20))
        m.gradients(X[:7], LABELS[:7])

    looked, alone = model(), model()
    found = looked.fit(X, LABELS, 6, 3, callbacks=[Does(look)], verbose=0)
    assert found.history == alone.fit(X, LABELS, 6, 3, verbose=0).history


@pytest.mark.parametrize("name", ["clipvalue", "momentum", "weight_decay"])
def test_an_optimizer_in_use_changes_its_rate_alone(name):
    optimizer = optimizers.SGD(0.1)
    m = model(optimizer=optimizer)
    with pytest.raises(ArgumentError, match=name):
        setattr(optimizer, name, 0.5)
    before = m.get_weights()
    optimizer.learning_rate = 1e-30
    m.train_on_batch(X, LABELS)
    assert all(np.abs(a - b).max() < 1e-20 for a, b in zip(before, m.get_weights(), strict=True))


def test_a_loss_of_the_users_prepares_its_targets_in_every_method():
    class Doubled(losses.MeanSquaredError):
        def prepare(self, y, output_shape):
            return 2 * y

    y = np.ones((20, 3), "float32")
    m = model(Doubled())
    expected = m.loss_value(X, y)
    assert m.train_on_batch(X, y) == expected
    assert model("mse").loss_value(X, y) != expected


def test_refused_data_does_not_fix_the_shape():
    m = nn.Sequential([layers.Dense(3)])
    m.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(DtypeError):
        m.fit(X, LABELS.astype("float32"))
    assert not m.built
    m.fit(np.ones((6, 7), "float32"), np.zeros(6, int), verbose=0)


@pytest.mark.parametrize("weights", [{0: 1e300, 1: 1, 2: 1}, {0: float("nan"), 1: 1, 2: 1}, {0: -1, 1: 1, 2: 1}])
def test_class_weights_cannot_overflow(weights):
    with pytest.raises(ArgumentError, match="class_weight"):
        model().fit(X, LABELS, class_weight=weights, verbose=0)


def test_class_weights_of_numpy_types():
    weights = {np.int64(0): np.float32(2), 1: np.int64(1), 2: 0.5}
    found = model().fit(X, LABELS, class_weight=weights, verbose=0)
    expected = model().fit(X, LABELS, class_weight={0: 2.0, 1: 1.0, 2: 0.5}, verbose=0)
    assert found.history == expected.history


def test_masked_arrays_are_refused():
    with pytest.raises(DtypeError, match="mask"):
        model().predict(np.ma.masked_array(X, X > 0.5))


def test_nan_in_the_quick_path_of_train_on_batch_is_refused_before_the_step():
    m = model()
    before = m.get_weights()
    spoiled = X.copy()
    spoiled[3, 1] = np.nan
    with pytest.raises(DataError):
        m.train_on_batch(spoiled, LABELS)
    assert all(np.array_equal(a, b) for a, b in zip(before, m.get_weights(), strict=True))


def test_only_the_last_steps_are_kept():
    m = model()
    for n in range(1, 90):
        m.predict(np.zeros((n % 85 + 1, 4), "float32"), batch_size=1000)
    assert len(m._steps._steps) <= 64


def test_kernels_of_a_factory_differ():
    def make(factor):
        @kernel()
        def scale(x, y):
            for i in range(x.size):
                y[i] = factor * x[i]

        return scale

    x, results = np.ones(3), []
    for factor in (2.0, 3.0):
        y = np.full(3, np.nan)
        make(factor)(x, y)
        results.append(y.tolist())
    assert results == [[2.0] * 3, [3.0] * 3]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_may_use_a_model_that_a_thread_of_the_parent_holds():
    import threading

    m = model()
    expected = m.predict(X)
    held, done = threading.Event(), threading.Event()

    def hold():
        with m._lock:
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(m.predict(X), expected) else 3)
    status = os.waitpid(child, 0)[1]
    done.set()
    thread.join()
    assert status == 0


def test_the_lock_of_the_slow_layer_is_one(monkeypatch):
    found = _threads.Threads()
    numba = SimpleNamespace(
        get_num_threads=lambda: 2, set_num_threads=lambda n: None, threading_layer=lambda: "workqueue"
    )
    monkeypatch.setattr(_threads, "numba", numba)
    monkeypatch.setattr(_threads.config, "THREADING_LAYER", "workqueue")
    with found.region():
        first = found.lock
    found.least_work = 0.0
    with found.region():
        assert found.lock is first
        assert not found.lock.acquire(blocking=False)


def test_errors_share_a_base():
    for error in (ArgumentError, DataError, DtypeError, StateError):
        assert issubclass(error, NumbanetError)
