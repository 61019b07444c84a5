"""Arrays in a GPU's memory, as far as the host deals with them: it copies in and out, and takes contiguous parts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


class DeviceArray:
    """A C-contiguous array in the memory of `device`, from `address` on.

    np.array(a) copies it to the host, a[...] = values from there; a[2], a[2:5] and a.reshape(...) share its memory.
    owner: keeps the memory alive.
    """

    def __init__(self, device: Any, owner: Any, address: int, shape: tuple[int, ...], dtype: Any) -> None:
        self.device, self.owner, self.address = device, owner, address
        self.shape, self.dtype = tuple(map(int, shape)), np.dtype(dtype)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * int(self.dtype.itemsize)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("an array without axes has no length")
        return self.shape[0]

    def reshape(self, *shape: Any) -> DeviceArray:
        """The same elements in another shape; one -1 is what remains."""
        given = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
        return self._part(self.address, _reshaped(self.shape, given))

    def copy(self) -> DeviceArray:
        """Another array with these values."""
        other: DeviceArray = self.device.zeros(self.shape, self.dtype)
        other[...] = self
        return other

    def view(self, dtype: Any) -> DeviceArray:
        """The bytes of a flat array as numbers of another type."""
        if self.ndim != 1 or self.nbytes % np.dtype(dtype).itemsize:
            raise ValueError(f"expected a flat array of whole {np.dtype(dtype)}, received {self!r}")
        count = self.nbytes // np.dtype(dtype).itemsize
        return DeviceArray(self.device, self.owner, self.address, (count,), dtype)

    def __getitem__(self, key: Any) -> Any:
        """A part of it that is contiguous; a single element as a NumPy scalar, copied to the host."""
        part = self._at(key)
        if part.shape == () and self.shape != ():
            return np.array(part)[()]
        return part

    def __setitem__(self, key: Any, values: Any) -> None:
        part = self._at(key)
        driver = self.device.driver
        if isinstance(values, DeviceArray):
            if (values.shape, values.dtype) != (part.shape, part.dtype):
                raise ValueError(f"expected {part.shape} {part.dtype}, received {values.shape} {values.dtype}")
            driver.copy(part.address, values.address, part.nbytes)
            return
        host = np.asarray(values, part.dtype)
        if host.ndim == 0 and not any(host.tobytes()):  # zero, and not negative zero
            driver.clear(part.address, part.nbytes)
        else:
            same = host.shape == part.shape
            driver.copy_in(part.address, np.ascontiguousarray(host if same else np.broadcast_to(host, part.shape)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if copy is False:
            raise ValueError("an array in a GPU's memory is always copied")
        host = np.empty(self.shape, self.dtype)
        self.device.driver.copy_out(host, self.address)
        return host if dtype is None else host.astype(dtype, copy=False)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """What CuPy, PyTorch and Numba read, to work on the same memory; `stream` is what they wait for."""
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self.address, False),
            "version": 3,
            "strides": None,
            "stream": self.device.driver.stream_number,
        }

    def __repr__(self) -> str:
        return f"DeviceArray(shape={self.shape}, dtype={self.dtype}, device={self.device.name!r})"

    def _part(self, address: int, shape: tuple[int, ...]) -> DeviceArray:
        return DeviceArray(self.device, self.owner, address, shape, self.dtype)

    def _at(self, key: Any) -> DeviceArray:
        """The part that a key names."""
        if key is Ellipsis:
            return self
        if type(key) is int and len(self.shape) == 1 and 0 <= key < self.shape[0]:  # what steps do each time
            return self._part(self.address + key * int(self.dtype.itemsize), ())
        wanted = list(key) if isinstance(key, tuple) else [key]
        given = sum(k is not None and k is not Ellipsis for k in wanted)
        rest = [slice(None)] * (self.ndim - given)
        if given > self.ndim or sum(k is Ellipsis for k in wanted) > 1:
            raise IndexError(f"too many indices for an array of shape {self.shape}: {key!r}")
        place = next((i for i, k in enumerate(wanted) if k is Ellipsis), None)
        wanted = [*wanted, *rest] if place is None else [*wanted[:place], *rest, *wanted[place + 1 :]]
        shape: list[int] = []
        firsts: list[int] = []
        counts: list[int] = []
        for k in wanted:
            if k is None:
                shape.append(1)
                continue
            first, count = _range(k, self.shape[len(firsts)], len(firsts))
            firsts.append(first)
            counts.append(count)
            if isinstance(k, slice):
                shape.append(count)
        cut = max((axis for axis, extent in enumerate(self.shape) if counts[axis] != extent), default=0)
        if any(count > 1 for count in counts[:cut]) and 0 not in counts:
            raise IndexError(f"expected a contiguous part of an array on the GPU, received [{key!r}]")
        steps = (first * math.prod(self.shape[axis + 1 :]) for axis, first in enumerate(firsts))
        return self._part(self.address + sum(steps) * int(self.dtype.itemsize), tuple(shape))


class Followed(DeviceArray):
    """A copy of a small array of the host's; `refresh` brings it up to date."""

    def __init__(self, device: Any, host: Any) -> None:
        array = device.zeros(host.shape, host.dtype)
        super().__init__(device, array.owner, array.address, host.shape, host.dtype)
        self.host, self._known = host, np.zeros_like(host)

    def refresh(self) -> None:
        """Copy what the host has now, if that is new."""
        if self._known.tobytes() != self.host.tobytes():
            self._known = self.host.copy()
            self[...] = self._known


class Flag(DeviceArray):
    """An int64 (1,) that kernels set, and what the host knows of it: `seen`, in memory that the GPU copies to."""

    def __init__(self, device: Any) -> None:
        array = device.zeros((1,), np.int64)
        super().__init__(device, array.owner, array.address, (1,), np.int64)
        self.seen = device.driver.pinned(8).view(np.int64)
        self.used = False  # by kernels of a program

    def __setitem__(self, key: Any, values: Any) -> None:
        self.device.driver.synchronize()
        super().__setitem__(key, values)
        self.seen[0] = values


def _range(key: Any, extent: int, axis: int) -> tuple[int, int]:
    """The first index and the number of those that a slice or an index takes of an axis."""
    if isinstance(key, slice):
        first, last, step = key.indices(extent)
        if step == 1:
            return first, max(0, last - first)
    elif isinstance(key, int | np.integer) and not isinstance(key, bool):
        if not -extent <= key < extent:
            raise IndexError(f"index {key} is out of bounds for axis {axis} of size {extent}")
        return int(key) % extent, 1
    raise IndexError(f"expected slices without a step and whole numbers for an array on the GPU, received {key!r}")


def _reshaped(old: tuple[int, ...], new: Any) -> tuple[int, ...]:
    size, given = math.prod(old), tuple(map(int, new))
    known = math.prod(extent for extent in given if extent != -1)
    if given.count(-1) > 1 or (known == 0 or size % known if -1 in given else known != size):
        raise ValueError(f"cannot reshape an array of shape {old} into {given}")
    return tuple(size // known if extent == -1 else extent for extent in given)
