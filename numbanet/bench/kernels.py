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
from .verification import WrongResult, expected, verify

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
    call, row = verified(case, size, device, numbers[0], dtype, right)
    if row.refused:
        yield row
        return
    for number in numbers:
        if number:
            set_num_threads(number)
        timing, launch = _time(call, device, rounds)
        yield limited(replace(row, threads=number, launch_us=launch), timing, roof(device, number), case)


def verified(
    case: Case, size: str, device: Device, threads: int, dtype: str, right: list[Any]
) -> tuple[Any, KernelRow]:
    """The bound kernel after its first run, and its row: what that took, how far it is from `right`, or a refusal."""
    wait, made = wait_for(device), case.make(dtype)
    start = time.perf_counter()
    taken = {id(a): device.take(a) for a in made if isinstance(a, np.ndarray)}
    found = [taken.get(id(a), a) for a in made]
    wait()
    copied = time.perf_counter() - start if device.name == "cuda" else 0.0  # the others' arrays are the host's
    compiled = store.compiled
    start = time.perf_counter()
    call = case.on(device).bind(*found)
    run = waited(device.executor([call], None).run, wait)
    run()
    first = time.perf_counter() - start
    moved, _ = case.sizes(dtype)
    row = KernelRow(case.operation, case.function, size, device.name, threads, dtype, case.flops, moved)
    try:
        error = verify(case, dtype, right, case.written(found))
    except WrongResult as wrong:
        return call, replace(row, refused=str(wrong))
    compile_s = max(first - seconds(run, 1), 0.0)
    return call, replace(row, error=error, compile_s=compile_s, loaded=store.compiled == compiled, copy_us=copied * 1e6)


def limited(row: KernelRow, timing: Timing, roof: Roof, case: Case) -> KernelRow:
    """The row with its times, and the limit that bounds it."""
    bound, least = roof.limit(row.flops, row.bytes, case.sizes(row.dtype)[1])
    return replace(row, time=timing, bound=bound, share=least / timing.median)


def _time(call: Any, device: Device, rounds: int) -> tuple[Timing, float | None]:
    """Of one kernel among many in a program; and how much longer it takes alone."""
    wait = wait_for(device)
    alone = waited(device.executor([call], None).run, wait)
    once = seconds(alone, 1)
    if once > PATIENCE / 10:
        values = [seconds(alone, 1) * 1e6 for _ in range(min(rounds, max(3, int(PATIENCE / once))) if once < 1 else 1)]
        return Times(values).over(), None
    once = min(once, *(seconds(alone, 1) for _ in range(3))) * 1e6
    count = min(MOST, max(1, int(PROGRAM / once)))
    runs: dict[str, Run] = {"many": waited(device.executor([call] * count, None).run, wait)}
    if once < ALONE:
        runs["alone"] = alone
    times = alternate(runs, rounds)
    timing = times["many"].over(count)
    return timing, max(times["alone"].median - timing.median, 0.0) if "alone" in times else None


def waited(run: Run, wait: Run) -> Run:
    """A run that has ended when it returns."""

    def one() -> None:
        run()
        wait()

    return one
