"""Kernels that several processes compile at once, into the folder where every later process finds them.

Numba compiles one function at a time in a process, whatever the threads.
"""

from __future__ import annotations

import importlib
import itertools
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..bench import cases
from ..bench.case import Case
from ..checks import positive_integer
from ..errors import StateError
from ..kernels._cache import store
from ..kernels._jit import DISABLED
from ..kernels._kernel import Kernel
from ..terminal import new_line
from .uncompiled import Listing

FEWEST = 4  # kernels that repay the start of a process, which takes as long as loading them
Value = tuple[str, tuple[int, ...]] | float | int | tuple[int, ...]  # an array is its type and shape


@dataclass(frozen=True)
class Job:
    """A kernel, and arguments of the types to compile it for."""

    module: str
    function: str
    arguments: tuple[Value, ...]

    @property
    def operation(self) -> str:
        return self.module.split(".")[-2]

    @property
    def kinds(self) -> tuple[Any, ...]:
        """What the machine code depends on."""
        return self.module, self.function, tuple(map(_kind, self.arguments))


@dataclass(frozen=True)
class Done:
    """What became of a job: whether it was compiled, or was there."""

    job: Job
    compiled: int
    seconds: float


def job(module: str, function: str, arguments: Sequence[Any]) -> Job:
    """The job of a call, without its arrays."""
    return Job(module, function, tuple((a.dtype.str, a.shape) if isinstance(a, np.ndarray) else a for a in arguments))


def _kind(value: Value) -> Any:
    if isinstance(value, tuple) and value and isinstance(value[0], str):
        return value[0], len(value[1])  # type: ignore[arg-type]
    return (type(value), len(value)) if isinstance(value, tuple) else type(value)


def of_cases(chosen: Iterable[Case], device: str, dtypes: Sequence[str]) -> list[Job]:
    """The jobs of calls that a benchmark would time."""
    found = []
    for case in chosen:
        kernel = case.kernel(device)
        home = f"numbanet.kernels.{case.operation}.{device}"
        if isinstance(kernel, Kernel):
            found += [job(home, case.function, case.make(dtype)) for dtype in dtypes]
    return found


def of_listing(device: Listing) -> list[Job]:
    """The jobs of programs that were written for this device."""
    return [job(*call) for call in device.calls]


def known(operations: Sequence[str] | None) -> list[str]:
    """All operations, or those that are named."""
    return list(operations or cases.OPERATIONS)


def compile_all(jobs: Iterable[Job], processes: int | None, each: Callable[[Done], None]) -> float:
    """Compile what is not there, and return the seconds that it took. `each` gets every job as it is done.

    Raises StateError where nothing that is compiled would be kept.
    """
    if DISABLED:
        raise StateError("loops run as plain Python with NUMBA_DISABLE_JIT=1: there is nothing to compile")
    if store.folder() is None:
        raise StateError("expected a folder that keeps compiled kernels. `numbanet doctor` says why there is none.")
    todo = {one.kinds: one for one in jobs}
    each = _shown(each, len(todo)) if sys.stdout.isatty() else each
    start = time.perf_counter()
    count = min(_processes(processes), max(len(todo) // FEWEST, 1))
    if count == 1:
        for one in todo.values():
            each(_compile(one))
        return time.perf_counter() - start
    # spawned, because a fork would inherit threads that are not there any more
    spawned, ignore = multiprocessing.get_context("spawn"), (signal.SIGINT, signal.SIG_IGN)
    pool = ProcessPoolExecutor(count, spawned, signal.signal, ignore)
    with pool:
        try:
            for future in as_completed([pool.submit(_compile, one) for one in todo.values()]):
                each(future.result())
        except BrokenProcessPool:
            raise StateError(
                "a process that compiled was ended from outside, perhaps for want of memory. Take fewer: --processes 1"
            ) from None
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return time.perf_counter() - start


def _shown(each: Callable[[Done], None], count: int) -> Callable[[Done], None]:
    """The same, with a line on the terminal that says how far it is: what compiles all kernels takes minutes."""
    line, done = new_line(), itertools.count(1)

    def both(one: Done) -> None:
        place = next(done)
        line.draw(f"compiling {place}/{count}", place / count, [f"{one.job.operation}.{one.job.function}"])
        if place == count:
            line.finish(f"compiling {count}/{count}", [])
        each(one)

    return both


def _processes(given: int | None) -> int:
    if given is not None:
        return positive_integer("compile", "processes", given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _compile(one: Job) -> Done:
    """Bind the kernel to arrays of these types, which compiles it or loads it."""
    kernel = getattr(importlib.import_module(one.module), one.function)
    start, before = time.perf_counter(), store.compiled
    kernel.bind(*map(_made, one.arguments))
    return Done(one, store.compiled - before, time.perf_counter() - start)


def _made(value: Value) -> Any:
    if isinstance(value, tuple) and value and isinstance(value[0], str):
        return np.empty(value[1], value[0])  # type: ignore[call-overload]
    return value
