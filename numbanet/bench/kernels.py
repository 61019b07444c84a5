"""Every kernel at its sizes: verified, then timed, and held against the limit that bounds it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..devices import Device
from ..kernels._cache import store
from ..kernels._threads import get_num_threads, set_num_threads
from . import cases
from .case import Case
from .clock import Run, Times, alternate, seconds
from .results import KernelRow, Roof, Timing
from .verification import WrongResult, expect_untouched, expected, verify

PROGRAM = 500.0  # microseconds of work in a program: what starts it takes a hundredth of that
MOST = 50  # repetitions in a program
ALONE = 1000.0  # microseconds of a kernel from which on what a launch adds is lost in the noise
PATIENCE = 1.0  # seconds for the rounds of a kernel; there are 3 at least, but one of the slowest
ROUNDS = 7


def wait_for(device: Device) -> Run:
    """What returns when the device has done all that was started."""
    driver = getattr(device, "driver", None)
    return driver.synchronize if driver else lambda: None


def measure(
    operations: Sequence[str],
    devices: Sequence[Device],
    threads: Sequence[int],
    dtype: str,
    roof: Callable[[Device, int], Roof],
    shape: str | None = None,
    rounds: int = ROUNDS,
) -> Iterator[KernelRow]:
    """A row for each kernel, size, device and number of threads, each as it is ready.

    The reference and a GPU have one row, whatever `threads` are.
    """
    before = get_num_threads()
    try:
        for operation in operations:
            for size, case in cases.of(operation, shape):
                right = expected(case)
                for device in devices:
                    yield from _rows(case, size, device, threads, dtype, roof, right, rounds)
    finally:
        set_num_threads(before)


def counts(device: Device, threads: Sequence[int]) -> Sequence[int]:
    """The numbers of threads that make a difference on a device: none on a GPU, one for the textbook loops."""
    return {"reference": (1,), "cuda": (0,)}.get(device.name, threads)


def _rows(
    case: Case,
    size: str,
    device: Device,
    threads: Sequence[int],
    dtype: str,
    roof: Callable[[Device, int], Roof],
    right: list[Any],
    rounds: int,
) -> Iterator[KernelRow]:
    numbers = counts(device, threads)
    call, row = verified(case, size, device, numbers, dtype, right)
    if row.refused:
        yield row
        return
    for number in numbers:
        _use(number)
        timing, launch = _time(call, device, rounds)
        yield limited(replace(row, threads=number, launch_us=launch), timing, roof(device, number), case)


def verified(
    case: Case, size: str, device: Device, threads: Sequence[int], dtype: str, right: list[Any]
) -> tuple[Any, KernelRow]:
    """The bound kernel, and its row: what its first run took, how far it is from `right`, or a refusal.

    It runs on each of these numbers of threads, and twice at least: arrays that it changes begin anew, and those that
    it writes keep what the run before left, which must not matter. What it reads stays as it is.
    """
    wait, made = wait_for(device), case.make(dtype)
    start = time.perf_counter()
    taken = {id(a): device.take(a) for a in made if isinstance(a, np.ndarray)}
    found = [taken.get(id(a), a) for a in made]
    wait()
    copied = time.perf_counter() - start if device.name == "cuda" else 0.0  # the others' arrays are the host's
    compiled = store.compiled
    _use(threads[0])
    start = time.perf_counter()
    call = case.on(device).bind(*found)
    run = waited(device.executor([call], None).run, wait)
    run()
    first = time.perf_counter() - start
    moved, _ = case.sizes(dtype)
    row = KernelRow(case.operation, case.function, size, device.name, threads[0], dtype, case.flops, moved)
    row = replace(row, loaded=store.compiled == compiled, copy_us=copied * 1e6)
    again, error = 0.0, 0.0
    try:
        for k, number in enumerate([threads[0], *threads] if len(threads) == 1 else threads):
            _use(number)
            if k:
                case.renew(found, dtype)
                again = seconds(run, 1)
            error = max(error, verify(case, dtype, right, case.written(found)))
        expect_untouched(case, dtype, found)
    except WrongResult as wrong:
        return call, replace(row, refused=str(wrong))
    return call, replace(row, error=error, compile_s=max(first - again, 0.0))


def _use(threads: int) -> None:
    """So many threads; 0 on a GPU, where they make no difference."""
    if threads:
        set_num_threads(threads)


def limited(row: KernelRow, timing: Timing, roof: Roof, case: Case) -> KernelRow:
    """The row with its times, and the limit that bounds it."""
    bound, least = roof.limit(row.flops, row.bytes, case.sizes(row.dtype)[1])
    return replace(row, time=timing, bound=bound, share=least / timing.median)


def _time(call: Any, device: Device, rounds: int) -> tuple[Timing, float | None]:
    """Of one kernel among many in a program; and how much longer it takes alone."""
    alone = waited(device.executor([call], None).run, wait_for(device))
    once = seconds(alone, 1)
    if once > PATIENCE / 10:
        values = [seconds(alone, 1) * 1e6 for _ in range(min(rounds, max(3, int(PATIENCE / once))) if once < 1 else 1)]
        return Times(values).over(), None
    run, count = many(call, device)
    runs = {"many": run, "alone": alone} if once * 1e6 < ALONE else {"many": run}
    times = alternate(runs, rounds)
    timing = times["many"].over(count)
    return timing, max(times["alone"].median - timing.median, 0.0) if "alone" in times else None


def many(call: Any, device: Device) -> tuple[Run, int]:
    """A program that repeats a kernel so often that starting it takes no time beside it, and how often that is."""
    wait = wait_for(device)
    alone = waited(device.executor([call], None).run, wait)
    once = min(seconds(alone, 1) for _ in range(4)) * 1e6
    count = min(MOST, max(1, int(PROGRAM / once)))
    return waited(device.executor([call] * count, None).run, wait), count


def waited(run: Run, wait: Run) -> Run:
    """A run that has ended when it returns."""

    def one() -> None:
        run()
        wait()

    return one
