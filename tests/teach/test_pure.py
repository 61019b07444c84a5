"""pure_python: the loops as a debugger sees them."""

import bdb
import inspect
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.kernels import kernel
from numbanet.kernels.dense import cpu as dense_cpu
from numbanet.kernels.dense import reference as dense
from numbanet.kernels.lstm import reference as lstm
from tests.cuda import models
from tests.models import LABELS, X, model, same, train

compiled = pytest.mark.compiled  # whether a loop runs as Python: under NUMBA_DISABLE_JIT every one does


class Lines:
    """What sys.settrace saw of a function."""

    def __init__(self, loop):
        self.code, self.seen = loop.function.__code__, set()

    def __call__(self, frame, event, argument):
        if frame.f_code is not self.code:
            return None
        if event == "line":
            self.seen.add(frame.f_lineno)
        return self

    def watch(self, action):
        before = sys.gettrace()
        sys.settrace(self)
        try:
            return action()
        finally:
            sys.settrace(before)


def recurrent(device="reference", dtype="float64"):
    m = nn.Sequential([layers.LSTM(2), layers.Dense(1)], seed=1)
    m.build((3, 2), device, dtype)
    m.compile("sgd", "mse")
    random = np.random.default_rng(0)
    return m, random.normal(size=(2, 3, 2)).astype(dtype), random.normal(size=(2, 1)).astype(dtype)


def lines_of(loop, text):
    source, first = inspect.getsourcelines(loop.function)
    return {first + n for n, line in enumerate(source) if text in line}


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("built", ["before", "inside"])
def test_a_tracer_sees_the_lines_of_lstm_s_reference_backward(device, built):
    lines = Lines(lstm.backward)
    if built == "before":
        m, x, y = recurrent(device)
        expected = m.gradients(x, y)
    with nn.pure_python():
        if built == "inside":
            m, x, y = recurrent(device)
        found = lines.watch(lambda: m.gradients(x, y))
    for part in (
        "dz[n, s, j] = e * g",
        "dz[n, s, H + j] = e * c[n, p, j]",
        "dc0[n, j] = e * f",
        "total += dz[n, s, o]",
    ):
        assert lines_of(lstm.backward, part) <= lines.seen, part
    assert not lines_of(lstm.backward, "dz[n, s, o] = 0.0") & lines.seen, "no step is left out here"
    if built == "before":
        for a, b in zip(found[1], expected[1], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-15)


class Debugger(bdb.Bdb):
    """Stops where it is told, and writes down what it finds there."""

    def __init__(self):
        super().__init__()
        self.stops = []

    def user_line(self, frame):
        if self.break_here(frame):
            names = frame.f_locals
            self.stops.append((names["n"], names["s"], names["j"], names["e"], names["g"]))
        self.set_continue()


def test_a_breakpoint_in_backward_is_hit_with_the_live_numbers():
    m, x, y = recurrent()
    seen = m.trace(x, y)["lstm"]
    debugger = Debugger()
    (line,) = lines_of(lstm.backward, "dz[n, s, j] = e * g")
    assert debugger.set_break(lstm.__file__, line) is None
    before = sys.gettrace()
    try:
        with nn.pure_python():
            debugger.runcall(m.gradients, x, y)
    finally:
        sys.settrace(before)
        debugger.clear_all_breaks()
    assert [stop[:3] for stop in debugger.stops] == [(n, s, j) for n in (0, 1) for s in (2, 1, 0) for j in (0, 1)]
    for n, s, j, e, g in debugger.stops:
        assert e == pytest.approx(seen.dc[n, s, j], rel=1e-9)
        assert g == pytest.approx(seen.g[n, s, j], rel=1e-9)


def test_the_readme_s_breakpoint_is_where_it_says():
    (line,) = lines_of(lstm.backward, "dz[n, s, j] = e * g")
    assert f"b numbanet/kernels/lstm/reference.py:{line}`" in (Path(nn.__file__).parents[1] / "README.md").read_text()


@compiled
def test_outside_of_the_block_nothing_runs_as_python():
    m, x, y = recurrent()
    lines = Lines(lstm.backward)
    lines.watch(lambda: m.gradients(x, y))
    assert not lines.seen
    with nn.pure_python():
        pass
    lines.watch(lambda: m.gradients(x, y))
    assert not lines.seen


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("which", models.ALL, ids=lambda which: which.__name__)
def test_training_comes_to_the_same_but_for_rounding(which, device):
    losses, weights = models.three_steps(which, device)
    with nn.pure_python():
        other, found = models.three_steps(which, device)
    np.testing.assert_allclose(losses, other, rtol=1e-5)
    for a, b in zip(weights, found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@compiled
def test_nested_after_an_error_and_as_a_decorator():
    m = model(device="reference")
    lines = Lines(dense.forward)

    def runs_as_python():
        lines.seen.clear()
        lines.watch(lambda: m.predict(X[:2]))
        return bool(lines.seen)

    assert not runs_as_python()
    with nn.pure_python():
        with nn.pure_python():
            assert runs_as_python()
        assert runs_as_python(), "the inner block ended, not the outer one"
    with pytest.raises(KeyError), nn.pure_python():
        raise KeyError
    assert not runs_as_python()
    assert nn.pure_python()(runs_as_python)()
    assert not runs_as_python()


@compiled
def test_another_thread_goes_on_with_machine_code():
    seen, m = [], model(device="reference")

    def elsewhere():
        lines = Lines(dense.forward)
        lines.watch(lambda: m.predict(X[:2]))
        seen.append(bool(lines.seen))

    with nn.pure_python():
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert seen == [False]


def test_machine_code_goes_on_to_the_same_bits_afterwards():
    a, b = train(model("adam")), train(model("adam"))
    with nn.pure_python():
        a.predict(X)
        a.gradients(X, LABELS)
    assert same(train(a), train(b))


@kernel(tasks=lambda x, y: len(x), scratch=lambda x, y: 1)
def halves(task, x, y, scratch):
    scratch[0] = x[task]
    y[task] = scratch[0] / 2


def test_a_loop_of_one_s_own_runs_as_it_stands():
    x, y = np.arange(4.0), np.zeros(4)
    lines = Lines(halves)
    with nn.pure_python():
        lines.watch(lambda: halves(x, y))
    assert np.array_equal(y, x / 2)
    assert len(lines.seen) == 2


def test_overflow_and_division_by_zero_warn_of_nothing():
    m = nn.Sequential([layers.Dense(3, "softmax"), layers.Dense(2)])
    m.build((4,), "reference")
    m.set_weights([np.full(w.shape, 1e30, "float32") for w in m.get_weights()])
    with nn.pure_python():
        assert not np.isfinite(m.predict(X[:2] * np.float32(1e30))).all()


def test_a_loop_of_the_cpu_is_the_textbook_s_meanwhile():
    x, w, b, y = np.ones((2, 3)), np.ones((3, 4)), np.ones(4), np.zeros((2, 4))
    lines = Lines(dense.forward)
    with nn.pure_python():
        lines.watch(lambda: dense_cpu.forward(x, w, b, y))
    assert lines_of(dense.forward, "y[n, o] = total") <= lines.seen
    assert (y == 4).all()
