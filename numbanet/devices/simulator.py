"""Numba's CUDA simulator in a driver's place: each thread of a block is one of Python's, and memory is the host's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


class Simulator:
    """For tests and for debugging, with NUMBA_ENABLE_CUDASIM=1. Very slow."""

    capability, version = (9, 0), (13, 0)
    total_bytes = 2**30
    name = "Numba's simulator"
    stream_number = 1

    def __init__(self) -> None:
        self._memory: dict[int, Any] = {}
        self._recorded: list[Any] | None = None

    def free_bytes(self) -> int:
        """Enough."""
        return self.total_bytes

    def allocate(self, size: int) -> int:
        memory = np.full(size + 256, 0xFF, np.uint8)  # NaN, if anybody reads it
        address = int(memory.ctypes.data + -memory.ctypes.data % 256)
        self._memory[address] = memory[address - memory.ctypes.data :][:size]
        return address

    def free(self, address: int) -> None:
        self._memory.pop(address, None)

    def pinned(self, size: int) -> Any:
        return np.zeros(size, np.uint8)

    def view(self, address: int, shape: tuple[int, ...], dtype: Any) -> Any:
        """The host's view of an array."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        for start, memory in self._memory.items():
            if start <= address and address + size <= start + memory.size:
                return memory[address - start :][:size].view(dtype).reshape(shape)
        raise IndexError(f"{size} bytes at {address:#x} are in no allocation")

    def clear(self, address: int, size: int) -> None:
        self.view(address, (size,), np.uint8)[...] = 0

    def copy_in(self, address: int, host: Any) -> None:
        self.view(address, host.shape, host.dtype)[...] = host

    def copy_out(self, host: Any, address: int) -> None:
        host[...] = self.view(address, host.shape, host.dtype)

    def copy_out_later(self, host: Any, address: int) -> None:
        self._do(lambda: self.copy_out(host, address))

    def copy(self, target: int, source: int, size: int) -> None:
        self.view(target, (size,), np.uint8)[...] = self.view(source, (size,), np.uint8)

    def synchronize(self) -> None:
        """All that was started is done."""

    def wait_for(self, stream: int | None) -> None:
        """All that was started is done."""

    def expect_own(self, address: int) -> None:
        """There is no other GPU."""

    def load(self, launch: Any) -> Any:
        """The kernel as a function of NumPy arrays."""
        return launch.kernel.simulated()

    def launch(self, function: Any, launch: Any) -> None:
        words = launch.words.copy()
        self._do(lambda: self._launch(function, launch, words))

    def _launch(self, function: Any, launch: Any, words: Any) -> None:
        if words[0] and self.view(int(words[0]), (1,), np.int64)[0]:
            return
        step = [] if launch.steps is None else [int(words[1])]
        arguments = step + [self._argument(a, words) for a in launch.arguments]
        function[launch.grid, launch.threads, 0, launch.shared](*arguments)

    def _argument(self, argument: Any, words: Any) -> Any:
        if not hasattr(argument, "address"):
            return argument
        # scratch, which comes last, has its address in the words
        return self.view(argument.address or int(words[-2]), argument.shape, argument.dtype)

    def _do(self, action: Any) -> None:
        if self._recorded is None:
            action()
        else:
            self._recorded.append(action)

    @contextmanager
    def recording(self) -> Iterator[list[Any]]:
        """Within, launches are written down."""
        graph: list[Any] = []
        self._recorded = graph
        try:
            yield graph
        finally:
            self._recorded = None

    def replay(self, graph: list[Any]) -> None:
        for action in graph:
            action()
