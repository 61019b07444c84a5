"""The thread that makes batches: their order, their errors, its end, and the time that it hides."""

import sys
import threading
import time

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, locks
from numbanet.callbacks import Callback, EarlyStopping, LambdaCallback
from numbanet.data import prefetch
from numbanet.data.memory_mapped import MappedData
from numbanet.data.prefetch import prefetched
from numbanet.errors import StateError
from tests.models import LABELS, X, model, same

SIZE = 4
BATCHES = [(X[k : k + SIZE], LABELS[k : k + SIZE]) for k in range(0, 22, SIZE)]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


class Boom(Exception):
    """Not one of the package's errors."""


def test_the_order_is_that_of_the_items():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that the threads take turns where it hurts
    try:
        for _ in range(20):
            assert list(prefetched(iter(range(500)))) == list(range(500))
    finally:
        sys.setswitchinterval(before)


def test_none_and_false_are_items_like_others():
    assert list(prefetched(iter([None, False, 0, ()]))) == [None, False, 0, ()]
    assert list(prefetched(iter([]))) == []


def test_it_is_two_items_ahead_at_most():
    pulled = []
    items = prefetched(pulled.append(k) or k for k in range(10))
    for k in items:
        time.sleep(0.01)
        assert len(pulled) <= k + 1 + 2
    assert pulled == list(range(10))


def test_it_goes_ahead_while_nobody_asks():
    pulled = []
    items = prefetched(pulled.append(k) or k for k in range(10))
    next(items)
    for _ in range(200):
        if len(pulled) == 1 + 2:
            break
        time.sleep(0.01)
    assert len(pulled) == 1 + 2
    items.close()
    time.sleep(0.02)
    assert len(pulled) == 1 + 2


def test_an_error_comes_where_it_was_made_with_its_traceback():
    def batches():
        yield from BATCHES[:3]
        raise Boom("here")

    steps = []
    with pytest.raises(Boom, match="here") as caught:
        model().fit(
            batches(), verbose=0, callbacks=[LambdaCallback(on_train_batch_end=lambda k, logs: steps.append(k))]
        )
    assert steps == [0, 1, 2]
    assert "batches" in [entry.name for entry in caught.traceback]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
def test_any_exception_of_a_generator_ends_fit(error):
    def batches():
        yield BATCHES[0]
        raise error

    with pytest.raises(error):
        model().fit(batches(), verbose=0)


def endless():
    while True:
        yield from BATCHES


class Raise(Callback):
    def __init__(self, hook, error):
        self.error = error
        setattr(self, hook, self.fail)

    @property
    def watches_batches(self):
        return True

    def fail(self, *arguments):
        raise self.error


@pytest.mark.parametrize("hook", ["on_train_batch_begin", "on_train_batch_end", "on_epoch_end", "on_test_begin"])
@pytest.mark.parametrize("error", [Boom, KeyboardInterrupt])
def test_the_thread_ends_with_fit_whatever_ends_it(hook, error):
    with pytest.raises(error):
        model().fit(
            endless(), steps_per_epoch=50, epochs=3, verbose=0, validation_data=BATCHES, callbacks=[Raise(hook, error)]
        )


def test_the_thread_ends_where_training_stops_early():
    m = model()
    stop = LambdaCallback(on_epoch_end=lambda epoch, logs: setattr(m, "stop_training", True))
    m.fit(endless(), steps_per_epoch=5, epochs=9, verbose=0, callbacks=[stop])
    assert m.steps_trained == 5
    early = EarlyStopping("loss", patience=0, min_delta=100.0)
    m.fit(endless(), steps_per_epoch=5, epochs=9, verbose=0, callbacks=[early])
    assert m.steps_trained == 15


def test_the_thread_ends_where_a_step_comes_to_nan():
    m = model()
    m.set_weights([np.full_like(w, np.nan) for w in m.get_weights()])
    with pytest.raises(FloatingPointError):
        m.fit(endless(), steps_per_epoch=50, verbose=0)


def test_the_thread_ends_with_evaluation_and_prediction():
    def batches():
        yield from BATCHES[:3]
        raise Boom

    m = model()
    for method in (m.evaluate, m.predict):
        with pytest.raises(Boom):
            method(batches())


def test_a_thread_that_cannot_end_is_left_behind(monkeypatch):
    monkeypatch.setattr(prefetch, "PATIENCE", 0.05)
    go_on = threading.Event()

    def batches():
        yield BATCHES[0]
        go_on.wait()
        yield BATCHES[1]

    with pytest.raises(Boom):
        model().fit(batches(), verbose=0, callbacks=[Raise("on_train_batch_end", Boom)])
    helpers = [thread for thread in threading.enumerate() if isinstance(thread, locks.Helper)]
    assert len(helpers) == 1
    assert helpers[0].daemon
    go_on.set()
    helpers[0].join(10)


@pytest.mark.parametrize(("cores", "threads"), [(2, 1), (2, 2), (1, 1), (4, 3), (None, 1)])
def test_rows_of_a_file_are_read_in_a_thread_where_a_core_is_left(tmp_path, monkeypatch, cores, threads):
    monkeypatch.setattr(prefetch, "get_num_threads", lambda: threads)
    monkeypatch.delattr(prefetch.os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(prefetch.os, "cpu_count", lambda: cores)
    np.save(tmp_path / "x.npy", X)
    a, b, readers = model(), model(), set()
    read = MappedData.rows

    def rows(self, chosen):
        readers.add(threading.current_thread())
        return read(self, chosen)

    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    monkeypatch.setattr(MappedData, "rows", rows)
    a.fit(x, LABELS, batch_size=SIZE, verbose=0)
    assert (readers != {threading.main_thread()}) == (threads < (cores or 1))
    b.fit(X, LABELS, batch_size=SIZE, verbose=0)
    assert same(a, b)


def test_one_array_may_hold_batch_after_batch():
    x, y = np.empty_like(X[:SIZE]), np.empty_like(LABELS[:SIZE])

    def batches():
        for samples, labels in BATCHES[:5]:
            x[...], y[...] = samples, labels
            yield x, y

    a, b = model(), model()
    slow = LambdaCallback(on_train_batch_begin=lambda k, logs=None: time.sleep(0.01))
    a.fit(batches(), verbose=0, callbacks=[slow])
    b.fit(BATCHES[:5], shuffle=False, verbose=0)
    assert same(a, b)
    assert np.array_equal(a.predict(samples for samples, _ in batches()), a.predict(X[: 5 * SIZE]))


def test_bits_do_not_depend_on_timing():
    waits = np.random.default_rng(0).uniform(0, 0.004, 24)

    def batches():
        for k, wait in enumerate(waits):
            time.sleep(wait)
            yield BATCHES[k % 6]

    a, b = model("adam", 0.5), model("adam", 0.5)
    a.fit(batches(), steps_per_epoch=6, epochs=4, verbose=0)
    b.fit(BATCHES, shuffle=False, epochs=4, verbose=0)
    assert same(a, b)


def test_a_generator_cannot_use_the_model_that_waits_for_it():
    m, other = model(), model(seed=1)

    def batches(user):
        for x, y in BATCHES:
            user.predict(x)
            yield x, y

    with pytest.raises(StateError, match="another model"):
        m.fit(batches(m), verbose=0)
    m.fit(batches(other), verbose=0)
    assert m.steps_trained == 6


class Waits(Callback):
    """The time from each step's end to the next one's begin."""

    def on_epoch_begin(self, epoch, logs=None):
        self.values = []

    def on_train_batch_begin(self, batch, logs=None):
        if batch:
            self.values.append(time.perf_counter() - self.end)

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.01)  # a step of at least that long
        self.end = time.perf_counter()


@pytest.mark.compiled
def test_most_of_a_slow_generator_is_hidden():
    def batches():
        for k in range(20):
            time.sleep(0.008)
            yield BATCHES[k % 6]

    waits = Waits()
    model().fit(batches(), verbose=0, callbacks=[waits])
    assert np.median(waits.values) < 0.2 * 0.008


@pytest.mark.compiled
def test_kernels_leave_the_interpreter_to_the_generator():
    x, y = np.zeros((512, 1024), "float32"), np.arange(512) % 3
    m = nn.Sequential([layers.Dense(1024), layers.Dense(1024), layers.Dense(3)])
    m.compile("sgd", "sparse_categorical_crossentropy")
    m.train_on_batch(x, y)
    ticks, ended = [], threading.Event()

    def tick():
        while not ended.wait(0.0005):
            ticks.append(time.perf_counter())

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.perf_counter()
    m.train_on_batch(x, y)  # some 50 ms, nearly all of them in one call of kernels
    end = time.perf_counter()
    ended.set()
    thread.join()
    margin = (end - start) / 5
    assert any(start + margin < at < end - margin for at in ticks)
