"""The limits of a device, measured by our own kernels: multiply-adds, memory and its caches, and a launch.

Multiply-adds: the kernel multiply_add, whose loop holds nothing else, on all threads. Memory: bytes read and written,
of arrays of growing size; an array changed in place (weight_decay), or copied into another, by ordinary stores or past
the caches, whichever is fastest. A copy is not, because a processor reads what an ordinary store will overwrite: it
comes to half of this limit or two thirds. Small arrays are for one thread, as all small work is.
Launch: one more tiny kernel in a program. On the processor that is a call; a kernel that is spread over threads costs
2 us more on an idle machine (kernels/_threads.py). On a GPU it is a kernel's share of a graph.

What disturbs a machine makes it slower and never faster: a limit is the fastest of many short samples.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from ..devices import Device, get_device
from ..kernels import copy, fill, multiply_add, weight_decay
from ..kernels._threads import get_num_threads, set_num_threads
from ..kernels.multiply_add.cpu import BYTES
from .clock import PAUSE, Run, seconds
from .kernels import wait_for
from .results import Level, Roof

ROUNDS = 10  # at least; three times as many where the two fastest do not agree
AGREE = 1.01
STRETCH = 0.01  # seconds of a round
SAMPLE = 0.001  # seconds: starting a program and waiting for its end, 10 us on a GPU, are a hundredth of that
A, B = 0.5, 1.0  # x = a x + b goes to 2
PAST = 2**23  # bytes from which on copies past the caches are tried
TOGETHER = 2**25  # bytes of the arrays of a program, where one of them is smaller: starting it then takes no time


@dataclass(frozen=True)
class Sizes:
    """How much work the limits are measured with."""

    levels: tuple[int, ...]  # bytes of the arrays together
    launches: int  # kernels of a program
    turns: int  # of the multiply-adds, at least
    numbers: int = 0  # that are multiplied; 0: as many as keep the processor's threads busy


PROCESSOR = Sizes((2**14, 2**17, 2**20, 2**21, 2**22, 2**23, 2**26, 2**28), 10_000, 2**17)
# numbers: 8192 blocks, so that none of some hundred SMs has much more to do than another
GPU = Sizes((2**20, 2**23, 2**26, 2**29), 200, 2**7, 2**24)


class MultiplyAdds:
    """The limit of the arithmetic, to take turns with other things: a `run` does `flops` of work.

    On the processor with the number of threads that numbanet is set to.
    """

    def __init__(self, device: Device, dtype: str = "float32", sizes: Sizes = PROCESSOR) -> None:
        self._device, numbers, turns = device, sizes.numbers, sizes.turns
        self._kernel = device.kernels(multiply_add).repeat
        if not numbers:
            numbers = get_num_threads() * BYTES // np.dtype(dtype).itemsize
        self._x = device.take(np.zeros(numbers, dtype))
        while _once(run := self._program(turns), wait_for(device)) < SAMPLE:
            turns *= 2
        self.flops, self.run = 2.0 * turns * numbers, run

    def _program(self, turns: int) -> Run:
        run: Run = self._device.executor([self._kernel.bind(A, B, turns, self._x)], None).run
        return run


class Copies:
    """Copies of an array into another, which have `size` bytes together: each of `runs` reads and writes `bytes`."""

    def __init__(self, device: Device, size: int) -> None:
        x, y = (device.zeros((size // 8,), np.float32) for _ in range(2))
        x[...] = y[...] = np.ones(size // 8, np.float32)  # pages are there once they are written
        kernels, count = device.kernels(copy), max(1, TOGETHER // size)
        names = ["forward", "stream"] if size >= PAST and device.name == "cpu" else ["forward"]
        self.bytes = float(2 * x.nbytes * count)
        self.runs: dict[str, Run] = {
            name: device.executor([getattr(kernels, name).bind(x, y)] * count, None).run for name in names
        }


class Updates:
    """An array of `size` bytes is changed in place: `run` reads and writes `bytes`."""

    def __init__(self, device: Device, size: int) -> None:
        x, rate = device.zeros((size // 4,), np.float32), device.zeros((1,), np.float64)
        x[...] = np.ones(size // 4, np.float32)
        count = max(1, TOGETHER // size)
        self.bytes = float(2 * x.nbytes * count)
        self.run: Run = device.executor([device.kernels(weight_decay).apply.bind(rate, 0.0, x)] * count, None).run


class Launches:
    """`count` tiny kernels in a `run`."""

    def __init__(self, device: Device, count: int) -> None:
        one = device.zeros((1,), np.float32)
        self.count = count
        self.run: Run = device.executor([device.kernels(fill).constant.bind(0.0, one)] * count, None).run


def measure(device: Device, threads: int, dtype: str, rounds: int = ROUNDS, sizes: Sizes | None = None) -> Roof:
    """The limits of a device; threads: of the processor. The reference's are those of one of its threads."""
    if device.name == "reference":
        return replace(measure(get_device("cpu"), 1, dtype, rounds, sizes), device="reference")
    if device.name == "cuda":
        return _measured(device, 0, dtype, rounds, sizes or GPU)
    before = get_num_threads()
    set_num_threads(threads)
    try:
        return _measured(device, threads, dtype, rounds, sizes or PROCESSOR)
    finally:
        set_num_threads(before)


def _measured(device: Device, threads: int, dtype: str, rounds: int, sizes: Sizes) -> Roof:
    wait = wait_for(device)
    adds, launches = MultiplyAdds(device, dtype, sizes), Launches(device, sizes.launches)
    levels, best = [], float("inf")
    for size in sizes.levels:
        # between the levels: for a second or so, a core's clock may stay 6 % below what it reaches
        best = min(best, fastest(adds.run, rounds, wait))
        levels.append(_level(device, size, rounds))
    launch = fastest(launches.run, rounds, wait) / launches.count
    return Roof(device.name, threads, dtype, adds.flops / best / 1e3, tuple(levels), launch)


def _level(device: Device, size: int, rounds: int) -> Level:
    wait, copies, updates = wait_for(device), Copies(device, size), Updates(device, size)
    rates = [copies.bytes / fastest(run, rounds, wait) for run in copies.runs.values()]
    rates.append(updates.bytes / fastest(updates.run, rounds, wait))
    return Level(float(size), max(rates) / 1e3)


def fastest(run: Run, rounds: int, wait: Run) -> float:
    """Microseconds of a run, in the best of all samples."""
    count = max(1, int(SAMPLE / _once(run, wait)))
    found: list[float] = []
    while len(found) < rounds or (len(found) < 3 * rounds and min(found) * AGREE < sorted(found)[1 % len(found)]):
        time.sleep(PAUSE)
        best, end = float("inf"), time.perf_counter() + STRETCH
        while best == float("inf") or time.perf_counter() < end:
            best = min(best, seconds(run, count, wait) / count * 1e6)
        found.append(best)
    return min(found)


def _once(run: Run, wait: Run) -> float:
    """Seconds, about; the first run compiles."""
    run()
    return min(seconds(run, 1, wait) for _ in range(5))
