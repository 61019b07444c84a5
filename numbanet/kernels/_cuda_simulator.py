"""Kernels on Numba's CUDA simulator, with shared arrays of any alignment and with threads that take turns.

The simulator starts one of Python's threads for each of a block, and polls them all. Here the threads of a block run
one after the other, each up to its next barrier: in the same order at every run, and three times as fast.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cuda, types
from numba.np.numpy_support import as_dtype


class _Math:
    """The module math as a GPU has it: log(0) is -inf and no error, and float32 stays float32."""

    def __getattr__(self, name: str) -> Any:
        if name in ("erf", "erfc"):
            return lambda x: type(x)(getattr(math, name)(x))
        return getattr(np, name)


def with_numpy(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose module computes with NumPy instead of math from now on."""
    if function.__globals__.get("math") is math:
        function.__globals__["math"] = _Math()
    return function


def simulated(function: Callable[..., None]) -> Any:
    """The kernel, for NumPy arrays."""
    from numba.cuda.simulator import kernel
    from numba.cuda.simulator.kernelapi import FakeCUDALocal, FakeCUDAShared

    FakeCUDAShared.array, FakeCUDALocal.array = _shared_array, _local_array
    kernel.BlockManager = _Block
    return cuda.jit(with_numpy(function))


def _shared_array(self: Any, shape: Any, dtype: Any, alignment: int | None = None) -> Any:
    """One for each line that asks, full of NaN."""
    if shape == 0:  # dynamic: its size is the launch's
        return np.frombuffer(self._dynshared.data, _dtype(dtype))
    caller = sys._getframe(1)
    place = caller.f_code.co_filename, caller.f_lineno
    if place not in self._allocations:
        self._allocations[place] = _local_array(self, shape, dtype)
    return self._allocations[place]


def _local_array(self: Any, shape: Any, dtype: Any, alignment: int | None = None) -> Any:
    dtype = _dtype(dtype)
    return np.full(shape, np.nan if dtype.kind == "f" else -1, dtype)


def _dtype(dtype: Any) -> Any:
    return as_dtype(dtype) if isinstance(dtype, types.Type) else np.dtype(dtype)


class _Block:
    """The threads of a block."""

    def __init__(self, function: Callable[..., None], grid: Any, shape: Any, debug: bool) -> None:
        self._function, self._shape = function, shape

    def run(self, block: Any, *arguments: Any) -> None:
        """Run all of them to their end. Raises what one of them raises, or RuntimeError where a barrier lacks some."""
        waiting: list[_Thread] = []
        free: _Thread | None = None
        try:
            for place in np.ndindex(*self._shape):
                thread = free or _Thread(self._function, arguments)
                thread.begin(block, place)
                free = thread.run_on()
                if free is None:
                    waiting.append(thread)
            while waiting:
                if len(waiting) < np.prod(self._shape):
                    raise RuntimeError(f"block {block}: {len(waiting)} threads wait at a barrier, others have ended")
                waiting = [thread for thread in waiting if thread.run_on() is None]
        finally:
            for thread in (*waiting, *filter(None, [free])):
                thread.end()


class _Thread(threading.Thread):
    """One of Python's threads, which is one after another of a block's until it comes to a barrier."""

    def __init__(self, function: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        super().__init__(daemon=True)
        self._function, self._arguments = function, arguments
        self._turn, self._pause = threading.Semaphore(0), threading.Semaphore(0)
        self._ending = self._waits = False
        self._problem: BaseException | None = None
        self.start()

    def begin(self, block: Any, place: Any) -> None:
        """Become this thread of the block; the simulator asks for these names."""
        self.blockIdx, self.threadIdx = _axes(block), _axes(place)

    def run_on(self) -> _Thread | None:
        """Go on; returns itself where the function has ended, None at a barrier. Raises what the function raises."""
        self._waits = False
        self._turn.release()
        self._pause.acquire()
        if self._problem:
            raise self._problem
        return None if self._waits else self

    def end(self) -> None:
        """Wherever it is."""
        self._ending = True
        self._turn.release()

    def run(self) -> None:
        while True:
            self._turn.acquire()
            if self._ending:
                return
            try:
                with np.errstate(all="ignore"):
                    self._function(*self._arguments)
            except SystemExit:
                return
            except BaseException as error:
                self._problem = error
            self._pause.release()

    def syncthreads(self) -> None:
        """What the simulator calls at a barrier."""
        self._waits = True
        self._pause.release()
        self._turn.acquire()
        if self._ending:
            raise SystemExit


def _axes(numbers: Any) -> Any:
    """The x, y and z of a place."""
    from numba.cuda.simulator.kernelapi import Dim3

    return Dim3(*(*numbers, 0, 0)[:3])
