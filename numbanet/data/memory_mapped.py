"""Samples in memory-mapped files: read, converted and checked batch by batch."""

from __future__ import annotations

import copy
import math
import mmap
from typing import Any

import numpy as np

from ..steps import Steps
from . import door
from .batches import Data, first_layer, inputs

RESIDENT = 2**27  # bytes of a file that stay mapped, about
AROUND = 2**21  # bytes that Linux may map around the page that is touched: 1.7 MiB of a file just written (6.18)


def _is_shared(a: Any) -> bool:
    """Whether all that an array holds is in the file: np.memmap says so, of other maps it cannot be told."""
    while isinstance(a, np.ndarray):
        if isinstance(a, np.memmap):
            return a.mode in ("r", "r+", "w+")
        a = a.base
    return False


class Column:
    """Rows of one array. Those of a file are read when they are needed, and its pages given back."""

    def __init__(self, a: Any) -> None:
        self.array = np.asarray(a)
        mapped = door.memory_map(a)
        # without the advice the pages just stay for as long as the system has memory; what was written to a private map
        # would be lost
        stay = mapped is None or len(mapped) <= RESIDENT or not _is_shared(a) or not hasattr(mmap, "MADV_DONTNEED")
        self._map = None if stay else mapped
        self._touched = 0
        shape, strides, flags = self.array.shape[1:], self.array.strides[1:], self.array.flags
        # bytes of the file that reading a row may map: from its first element to its last, with what lies between
        self._span = sum((n - 1) * abs(step) for n, step in zip(shape, strides, strict=True)) + AROUND
        self._plain = flags.c_contiguous and flags.aligned  # of others np.take would first copy all rows

    def rows(self, chosen: Any) -> Any:
        """Those rows, as a new array."""
        if isinstance(chosen, slice):
            rows = np.array(self.array[chosen], order="C")
            self._touch(min(len(rows) * self._span, len(rows) * abs(self.array.strides[0]) + self._span))
            return rows
        rows = np.empty((len(chosen), *self.array.shape[1:]), self.array.dtype)
        piece = math.ceil(RESIDENT / self._span)
        for row in range(0, len(chosen), piece):
            part, places = rows[row : row + piece], chosen[row : row + piece]
            if self._plain:
                np.take(self.array, places, axis=0, out=part, mode="clip")  # "raise" would copy twice
            else:
                part[...] = self.array[places]
            self._touch(len(part) * self._span)
        return rows

    def _touch(self, size: int) -> None:
        """Give the pages back once there are many.

        They count as the process's memory until somebody else needs it. Given back, they stay in the system's cache.
        """
        self._touched += size
        if self._map is not None and self._touched > RESIDENT:
            self._map.madvise(mmap.MADV_DONTNEED)
            self._touched = 0


class MappedData:
    """Samples and targets as Data has them, of which some lie in memory-mapped files.

    Nothing is made for all samples but a row of numbers: one of y, one weight and one length for each. Targets with
    more axes are read with the samples where they are mapped, too. y None: there are none, as for predictions.
    """

    def __init__(
        self, owner: str, steps: Steps, x: Any, y: Any = None, sample_weight: Any = None, lengths: Any = None
    ) -> None:
        self._owner, self._steps, self._chosen = owner, steps, None
        network, loss = steps.network, steps.loss
        self._x = Column(x if door.memory_map(x) is not None else inputs(owner, network, x))
        shape = self._x.array.shape
        door.expect_inputs(owner, self._x.array, network.input_shape, first_layer(network))
        self._y: Column | None = None
        self.y: Any = None  # checked, where it lies in memory
        if y is not None and door.memory_map(y) is not None and np.ndim(y) > 1:
            self._y = Column(y)
            door.expect_targets(owner, self._y.array, loss, network.output_shape, shape[0])
        elif y is not None:
            self.y = door.targets(owner, y, loss, network.output_shape, network.dtype, shape[0])
        self._weights = door.sample_weights(owner, sample_weight, shape[0], 1, network.dtype)
        self._lengths = door.sequence_lengths(owner, lengths, shape, network)
        self.rows(slice(0, 1))  # a type that does not fit is refused now

    def __len__(self) -> int:
        return len(self._x.array) if self._chosen is None else len(self._chosen)

    @property
    def masked(self) -> bool:
        """Whether lengths say which steps of the sequences count."""
        return self._lengths is not None

    @property
    def labels(self) -> Any | None:
        """The class of each sample, where the targets have classes and lie in memory."""
        return None if self.y is None else door.class_labels(self.y)

    def rows(self, chosen: Any) -> Data:
        """Those rows of everything, read, converted and checked. Raises ShapeError, DtypeError, DataError."""
        if self._chosen is not None:
            chosen = self._chosen[chosen]
        network, loss = self._steps.network, self._steps.loss
        names = range(len(self._x.array))[chosen] if isinstance(chosen, slice) else chosen
        limit, layer = network.index_limit, first_layer(network)
        x = door.inputs(self._owner, self._x.rows(chosen), network.input_shape, network.dtype, layer, limit, names)
        y = None if self.y is None else self.y[chosen]
        if self._y is not None:
            given = self._y.rows(chosen)
            y = door.targets(self._owner, given, loss, network.output_shape, network.dtype, len(x), names)
        weights = None if self._weights is None else np.repeat(self._weights[chosen], self._steps.rows, axis=1)
        mask = None if self._lengths is None else door.mask(self._lengths[chosen], x.shape[1], network.dtype)
        return Data(x, y, weights, mask)

    def part(self, chosen: Any) -> MappedData:
        """Those rows, still in their files."""
        part = copy.copy(self)
        part._chosen = chosen
        return part

    def weighted(self, factors: Any | None) -> MappedData:
        """The same, each sample's weight times its factor."""
        if factors is None:
            return self
        factors = factors.astype(self._steps.network.dtype)[:, None]
        changed = copy.copy(self)
        changed._weights = factors if self._weights is None else self._weights * factors
        return changed
