"""The processor as a device; and what every device can do."""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import DeviceError
from ..kernels._kernel import Executor


class Device:
    """The processor, with the kernels called `name`: "cpu" for the fast ones, "reference" for the textbook loops."""

    precision: str | None = None  # of products' factors, where it is not that of the arrays

    def __init__(self, name: str) -> None:
        self.name = name

    def unrounded(self) -> Device:
        """The same device with products in the precision of the arrays."""
        return self

    def kernels(self, operation: ModuleType) -> Any:
        """The module of `operation`'s kernels for this device."""
        return importlib.import_module(f"{operation.__name__}.{self.name}")

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """A zeroed array that starts on a 64-byte boundary."""
        dtype = np.dtype(dtype)
        size = math.prod(shape) * dtype.itemsize
        memory = np.zeros(size + 64, np.uint8)
        start = -memory.ctypes.data % 64
        return memory[start : start + size].view(dtype).reshape(shape)

    def adopt(self, owner: str, name: str, value: Any) -> Any:
        """What users give as data: as it is, or a view of what lies in this device's memory. Raises DeviceError."""
        if hasattr(value, "__cuda_array_interface__"):
            raise DeviceError(
                f"{owner}: expected {name} in the host's memory, because the model is on {self.name!r}. Received: an "
                "array on a GPU. Build the model with device='cuda', or copy the array to the host."
            )
        return value

    def take(self, array: Any) -> Any:
        """An array of the host's, where this device's kernels can read it: itself, or a copy."""
        return array

    def rows(self, array: Any, chosen: Any) -> Any:
        """Those rows of an array of this device's, by a slice or by numbers."""
        return array[chosen]

    def holds(self, arrays: Sequence[Any]) -> bool:
        """Whether kernels can take batches out of these arrays of the user's as long as a training runs."""
        return True

    def follow(self, array: Any) -> Any:
        """What kernels read of a small array that the host changes between steps."""
        return array

    def flag(self) -> Any:
        """An int64 (1,), 0, that kernels may set to end a program."""
        return self.zeros((1,), np.int64)

    def is_set(self, flag: Any, wait: bool) -> bool:
        """Whether a kernel has set the flag; wait: for all kernels that were started, or see what is known by now."""
        return bool(flag[0])

    def executor(self, bound: list[Any], stop: Any) -> Any:
        """Something with `run()` for kernels that were bound to this device's arrays; `stop` as in Executor."""
        return Executor(bound, stop)

    def __repr__(self) -> str:
        return f"Device({self.name!r})"
