"""Kernels are verified, then timed; one that is wrong is refused."""

import math

import numpy as np
import pytest

from numbanet import get_num_threads
from numbanet.bench import cases, kernels
from numbanet.bench.case import Case, exact, integers, out
from numbanet.bench.kernels import counts, measure
from numbanet.bench.results import Level, Roof
from numbanet.bench.verification import WrongResult, expected, verify
from numbanet.devices import get_device
from numbanet.kernels import kernel
from numbanet.kernels.dense import cpu as dense

LEVELS = (Level(1e5, 200.0), Level(1e9, 10.0))


def roof(device, threads):
    return Roof(device.name, threads, "float32", 100.0, LEVELS, 0.1)


def rows(operation, *devices, threads=(1,), shape=None, dtype="float32"):
    chosen = [get_device(name) for name in devices]
    return list(measure([operation], chosen, threads, dtype, roof, shape, rounds=2))


def plant(monkeypatch, function):
    """In place of a kernel of dense layers on the processor."""
    monkeypatch.setattr(dense, function.__name__, kernel()(function))


def test_every_kernel_of_an_operation_has_a_row_for_each_device_and_number_of_threads():
    found = rows("dense", "cpu", "reference", threads=(1, 2), shape="5x3x7")
    functions = ("forward", "forward_without_bias", "backward_input", "backward_kernel", "backward_bias")
    places = ("cpu", 1), ("cpu", 2), ("reference", 1)
    assert [(r.function, r.device, r.threads) for r in found] == [(f, *place) for f in functions for place in places]
    for row in found:
        assert row.size == "N=5 I=3 O=7"
        assert not row.refused
        assert 0 < row.time.best <= row.time.low <= row.time.median <= row.time.high
        assert 0 <= row.error < 1e-6
        assert row.compile_s >= 0
        assert row.copy_us == 0


def test_work_and_limits_are_those_of_the_arrays():
    forward = rows("dense", "cpu", shape="5x3x7")[0]
    assert forward.flops == 2 * 5 * 3 * 7
    assert forward.bytes == 4 * (5 * 3 + 3 * 7 + 7 + 5 * 7)
    assert forward.intensity == forward.flops / forward.bytes
    assert math.isclose(forward.gflops, forward.flops / forward.time.median / 1e3)
    least = {"multiply-adds": forward.flops / 100.0 / 1e3, "memory": forward.bytes / 200.0 / 1e3, "launch": 0.1}
    assert forward.bound == max(least, key=least.get)
    assert math.isclose(forward.share, max(least.values()) / forward.time.median)


def test_a_planted_error_is_refused_and_not_timed(monkeypatch):
    def backward_bias(dy, db):
        for o in range(db.size):
            db[o] = 0.0
            for n in range(len(dy)):
                db[o] += dy[n, o]
        db[0] *= 1.001

    plant(monkeypatch, backward_bias)
    found = {row.function: row for row in rows("dense", "cpu", threads=(1, 2), shape="5x3x7")[::-1]}
    wrong = found.pop("backward_bias")
    assert wrong.time is None
    assert wrong.threads == 1
    assert "dense.backward_bias" in wrong.refused
    assert "expected what the reference writes, to 1e-05 of the largest element; it differs by" in wrong.refused
    assert all(row.time and not row.refused for row in found.values())


def test_an_element_that_is_not_written_is_refused(monkeypatch):
    def backward_bias(dy, db):
        for o in range(db.size - 1):
            db[o] = 0.0
            for n in range(len(dy)):
                db[o] += dy[n, o]

    plant(monkeypatch, backward_bias)
    (wrong,) = (row for row in rows("dense", "cpu", shape="5x3x7") if row.refused)
    assert "as element [6], received nan" in wrong.refused


def adds_to_what_is_there(dy, db):
    for o in range(db.size):
        if np.isnan(db[o]):
            db[o] = 0.0
        for n in range(len(dy)):
            db[o] += dy[n, o]


def changes_its_input(dy, db):
    for o in range(db.size):
        db[o] = 0.0
        for n in range(len(dy)):
            db[o] += dy[n, o]
    dy[0, 0] += 1e-6  # so little that no result tells


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (adds_to_what_is_there, "it differs by"),
        (changes_its_input, "expected its inputs as they were; it changed argument"),
    ],
)
def test_what_goes_wrong_behind_the_first_run_is_refused(function, why, monkeypatch):
    monkeypatch.setattr(dense, "backward_bias", kernel()(function))
    (wrong,) = (row for row in rows("dense", "cpu", shape="5x3x7") if row.refused)
    assert why in wrong.refused


def test_every_number_of_threads_is_verified(monkeypatch):
    ran = []

    def verify(*_):
        ran.append(get_num_threads())
        return 0.0

    monkeypatch.setattr(kernels, "verify", verify)
    rows("fill", "cpu", threads=(2, 1), shape="10")
    assert ran == [2, 1]


def test_whole_numbers_must_be_equal():
    random = integers(0, 100, 4, 3)
    case = Case("gather", "rows", (random, exact([2, 0]), exact([0]), out(2, 3, dtype=np.int64)), "integers")
    right = expected(case)
    assert np.array_equal(right[0], random.values[[2, 0]])
    found = [a.copy() for a in right]
    assert verify(case, "float32", right, found) == 0
    found[0][1, 2] += 1
    with pytest.raises(WrongResult, match=r"array 0 of those it writes: expected \d+ as element \[1, 2\], received"):
        verify(case, "float32", right, found)


def test_the_number_of_threads_is_as_before():
    before = get_num_threads()
    rows("fill", "cpu", threads=(1,), shape="10")
    assert get_num_threads() == before


def test_threads_make_no_difference_to_the_reference_and_a_gpu():
    class Gpu:
        name = "cuda"

    assert counts(get_device("reference"), (1, 2)) == (1,)
    assert counts(get_device("cpu"), (1, 2)) == (1, 2)
    assert counts(Gpu(), (1, 2)) == (0,)


def test_equal_infinities_agree_and_others_do_not():
    (case,) = (case for _, case in cases.of("dense", "2x3x4") if case.function == "backward_bias")
    right = [np.array([1.0, np.inf, np.nan, 4.0])]
    assert verify(case, "float32", right, [right[0].astype(np.float32)]) == 0
    for wrong in ([1, -np.inf, np.nan, 4], [1, np.inf, 3, 4], [1, 1e30, np.nan, 4]):
        with pytest.raises(WrongResult):
            verify(case, "float32", right, [np.array(wrong, np.float32)])
