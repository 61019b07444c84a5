"""How small arrays of the host's reach a GPU: through pinned memory that the host fills while the GPU empties it."""

from __future__ import annotations

from typing import Any

HALF = 1 << 18  # bytes: some steps' worth of small arrays


class Ring:
    """Two halves: the host fills one from its beginning to its end, then the other, once that was copied.

    A copy straight from the user's array would be wrong: where its memory is pinned, or in the GPU's tables of pages,
    it is read after the call.
    """

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._halves = [(driver.pinned(HALF), driver.make_event()) for _ in range(2)]
        self._used = 0

    def copy_in(self, address: int, data: Any) -> None:
        """From contiguous bytes of the host's, at most half of the ring, which may change when this returns."""
        if self._used + data.size > HALF:
            self._driver.record_event(self._halves[0][1])
            self._halves.reverse()
            self._driver.wait_for_event(self._halves[0][1])
            self._used = 0
        staged = self._halves[0][0][self._used : self._used + data.size]
        staged[...] = data
        self._driver.start_copy(address, staged)
        self._used += data.size
