"""Ladders: every rung is right, the last one is the kernel of the library, and what is wrong is refused."""

import importlib
from dataclasses import replace

import pytest

from numbanet.bench import cases, ladders
from numbanet.bench.ladders import OPERATIONS, ladder, variants
from numbanet.bench.verification import WrongResult, expected, verify
from numbanet.devices import get_device
from numbanet.errors import ArgumentError
from numbanet.kernels._kernel import kernel
from numbanet.kernels._threads import get_num_threads, set_num_threads

CPU = get_device("cpu")
SIZES = {  # ones; primes, below and beyond a tile of 4 by 64; strides; whole tiles
    "dense": ["1x1x1", "3x7x5", "13x11x131", "8x5x64"],
    "conv2d": ["1x1x1x1x1x1", "2x5x7x3x5x3", "1x11x13x2x67x3", "2x7x6x3x65x5x2", "1x4x4x1x64x1"],
    "lstm": ["1x1x1x1", "3x2x5x7", "13x3x11x17", "8x2x3x16"],
}
RUNGS = [(operation, variant) for operation in OPERATIONS for variant in variants(operation, CPU)]


def of_rung(entry):
    operation, variant = entry
    return f"{operation}-{variant.name}".replace(" ", "-")


def difference(operation, variant, shape, dtype):
    case = next(case for _, case in cases.of(operation, shape) if case.function == "forward")
    arguments = case.make(dtype)
    if variant.plain:
        variant.kernel.function(*arguments)
    else:
        variant.kernel(*arguments)
    return verify(case, dtype, expected(case), case.written(arguments))


@pytest.mark.parametrize("entry", RUNGS, ids=of_rung)
def test_every_rung_is_right(entry):
    operation, variant = entry
    for shape in SIZES[operation]:
        assert difference(operation, variant, shape, "float32") < 2e-6


@pytest.mark.slow
@pytest.mark.parametrize("entry", RUNGS, ids=of_rung)
def test_every_rung_is_right_in_float64(entry):
    operation, variant = entry
    for shape in SIZES[operation]:
        assert difference(operation, variant, shape, "float64") < 1e-13


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_ladder_leads_from_the_textbook_to_the_kernel_of_the_library(operation):
    found = variants(operation, CPU)
    reference, library = (
        importlib.import_module(f"numbanet.kernels.{operation}.{name}") for name in ("reference", "cpu")
    )
    assert found[0].kernel is found[1].kernel is reference.forward
    assert found[0].plain
    assert found[-1].kernel is library.forward
    assert found[-1].all_threads


@pytest.mark.parametrize("entry", RUNGS, ids=of_rung)
def test_a_rung_is_explained_in_two_lines_and_shows_its_loop(entry):
    _, variant = entry
    lines = variant.why.split("\n")
    assert len(lines) == 2
    assert all(line.endswith(".") for line in lines)
    assert f"def {variant.kernel.function.__name__}(" in variant.code


def test_what_a_rung_calls_is_shown_before_it():
    code = next(v for v in variants("dense", CPU) if v.name == "register tile").code
    assert -1 < code.index("def tile(") < code.index("def product(") < code.index("def register_tile(")


def test_every_rung_has_a_row():
    found = ladder("dense", CPU, 2, "float32", "N=6,I=70,O=40", rounds=1)
    names = [rung.name for rung in found.rungs]
    assert names == ["plain Python", "compiled", "reordered", "register tile", "packed blocks", "all threads"]
    assert [rung.threads for rung in found.rungs] == [1, 1, 1, 1, 1, 2]
    assert [rung.size for rung in found.rungs] == ["N=6 I=64 O=32"] + ["N=6 I=70 O=40"] * 5
    assert [rung.flops for rung in found.rungs] == [2 * 6 * 64 * 32] + [2 * 6 * 70 * 40] * 5
    assert found.rungs[-1].function == "numbanet.kernels.dense.cpu.forward"
    assert all(rung.time.median > 0 and 0 <= rung.error < 2e-6 for rung in found.rungs)
    assert (found.operation, found.device, found.dtype) == ("dense", "cpu", "float32")


def test_the_number_of_threads_is_as_it_was_before():
    before = get_num_threads()
    try:
        set_num_threads(1)
        ladder("dense", CPU, 2, "float32", "2x3x4", rounds=1)
        assert get_num_threads() == 1
    finally:
        set_num_threads(before)


def test_on_one_thread_the_last_kernel_comes_once():
    assert ladder("dense", CPU, 1, "float32", "2x3x4", rounds=1).rungs[-1].name == "packed blocks"
    assert ladder("conv2d", CPU, 1, "float32", "1x3x3x1x2x3", rounds=1).rungs[-1].threads == 1


def test_a_slow_rung_has_fewer_samples(monkeypatch):
    monkeypatch.setattr(ladders, "LONGEST", 0.0)
    assert {rung.size for rung in ladder("lstm", CPU, 1, "float32", "5x2x3x4", rounds=1).rungs} == {"N=1 T=2 I=3 H=4"}


@kernel()
def planted(x, w, b, y):
    for n in range(y.shape[0]):
        for o in range(y.shape[1]):
            y[n, o] = b[o]


def test_a_wrong_rung_is_refused_by_name_and_nothing_is_timed(monkeypatch):
    from numbanet.bench.variants import dense

    rungs = list(dense.RUNGS)
    rungs[2] = replace(rungs[2], kernel=planted)
    monkeypatch.setattr(dense, "RUNGS", tuple(rungs))
    monkeypatch.setattr(ladders, "alternate", lambda *_, **__: pytest.fail("timed"))
    with pytest.raises(WrongResult, match=r'rung "reordered" of dense on cpu, tests\.bench\.test_ladders\.planted'):
        ladder("dense", CPU, 1, "float32", "3x4x5", rounds=1)


def test_what_has_no_ladder_is_told():
    with pytest.raises(ArgumentError, match="conv2d, dense, lstm"):
        ladder("conv3d", CPU, 1, "float32")
    with pytest.raises(ArgumentError, match="the reference is a rung"):
        ladder("dense", get_device("reference"), 1, "float32")


@pytest.mark.nightly
@pytest.mark.compiled
@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_last_rung_is_far_above_the_compiled_one(operation):
    found = {rung.name: rung.flops / rung.time.best for rung in ladder(operation, CPU, 2, "float32", rounds=3).rungs}
    assert found["compiled"] > 20 * found["plain Python"]
    assert found["reordered"] > 2 * found["compiled"]
    assert found["all threads"] > 5 * found["compiled"]
