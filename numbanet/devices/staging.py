"""How large arrays of the host's reach a GPU while it computes: through two buffers in turn."""

from __future__ import annotations

from typing import Any

import numpy as np

LEAST = 1 << 16  # bytes: smaller arrays are copied at once
PIECE = 1 << 23  # bytes of a buffer: large enough for the bus's full speed, 0.15 ms at 55 GB/s


class Staging:
    """Two buffers in pinned memory, each with one on the GPU.

    The host fills one while the other is on its way, on a stream of its own; kernels wait for the last, short copy
    within the GPU alone.
    """

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._stream = driver.make_stream()
        self._buffers = [_Buffer(driver), _Buffer(driver)]

    def copy_in(self, address: int, host: Any) -> None:
        """From a contiguous array of the host's, which may change when this returns."""
        data = host.reshape(-1).view(np.uint8)
        for start in range(0, data.size, PIECE):
            self._copy(address + start, data[start : start + PIECE])

    def _copy(self, address: int, data: Any) -> None:
        driver, buffer = self._driver, self._buffers[0]
        self._buffers.reverse()
        driver.wait_for_event(buffer.used)
        buffer.host[: data.size] = data
        driver.start_copy(buffer.address, buffer.host[: data.size], self._stream)
        driver.record_event(buffer.there, self._stream)
        driver.make_wait(buffer.there)
        driver.copy(address, buffer.address, data.size)
        driver.record_event(buffer.used)


class _Buffer:
    """Pinned memory, memory on the GPU, and when each may be used again."""

    def __init__(self, driver: Any) -> None:
        self.host, self.address = driver.pinned(PIECE), driver.allocate(PIECE)
        self.there, self.used = driver.make_event(), driver.make_event()
