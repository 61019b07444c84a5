"""Arrays as the page has them: each once, bit for bit, and of large ones the beginning of each axis."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

LONGEST = 100  # elements of an axis that is neither of samples nor of channels
KERNELS = 8, 16  # inputs and outputs of a convolution's windows


@dataclass(frozen=True)
class Limits:
    """How much of an array the page has: samples of the batch, and channels of images."""

    samples: int
    channels: int


class Arrays:
    """The arrays of a page. entries: what the page's scripts read, for each {shape, extent, kind, batch, rows, data}.

    extent: how many of each axis the page has. batch: the axis of the samples, or -1. rows: how many of it a sample
    has. kind: "f4", "f8", "i4" or "u1"; data: the bytes, little-endian, in base64.
    """

    def __init__(self, samples: int, limits: Limits) -> None:
        self.samples, self.limits = samples, limits
        self.entries: list[dict[str, Any]] = []
        self.bytes = 0
        self._known: dict[tuple[Any, ...], int] = {}

    def add(self, a: Any, axes: tuple[str, ...]) -> int:
        """The place of an array, put there if it is new. axes: their names, of which "N" is that of the samples."""
        a = np.asarray(a)
        batch, rows = self._batch(a.shape, axes)
        key = (a.dtype.str, a.shape, batch, rows, a.tobytes())
        if key not in self._known:
            extent = self._extent(a.shape, batch, rows)
            kind, data = _encoded(np.ascontiguousarray(a[tuple(slice(n) for n in extent)]))
            self._known[key] = len(self.entries)
            self.bytes += len(data)
            entry = {"shape": a.shape, "extent": extent, "kind": kind, "batch": batch, "rows": rows, "data": data}
            self.entries.append(entry)
        return self._known[key]

    def _batch(self, shape: tuple[int, ...], axes: tuple[str, ...]) -> tuple[int, int]:
        """The axis of the samples, and how many of it each has: several where rows are steps of samples."""
        if "N" in axes and shape[axes.index("N")] == self.samples:
            return axes.index("N"), 1
        if axes[:1] == ("R",) and shape[0] and shape[0] % self.samples == 0:
            return 0, shape[0] // self.samples
        return -1, 1

    def _extent(self, shape: tuple[int, ...], batch: int, rows: int) -> tuple[int, ...]:
        most = [LONGEST] * len(shape)
        if len(shape) == 4 and batch < 0:
            most[2:] = KERNELS
        elif len(shape) == 4:
            most[3] = self.limits.channels
        if batch >= 0:
            most[batch] = max(self.limits.samples * rows, 1)
        return tuple(min(n, limit) for n, limit in zip(shape, most, strict=True))


def _encoded(a: Any) -> tuple[str, str]:
    """Its kind and its bytes. Integers that are not small become float64, which holds those below 2^53."""
    if a.dtype.kind == "f":
        kind = "f4" if a.dtype.itemsize <= 4 else "f8"
    elif a.size == 0 or (a.min() >= 0 and a.max() < 2**8):
        kind = "u1"
    else:
        kind = "i4" if a.min() >= -(2**31) and a.max() < 2**31 else "f8"
    return kind, base64.b64encode(a.astype(f"<{kind}").tobytes()).decode("ascii")
