"""Where arrays live and kernels run: an object chosen once, when a model is built."""

from __future__ import annotations

import importlib
import math
from types import ModuleType
from typing import Any

import numpy as np

from .checks import choice
from .errors import DeviceError
from .kernels._kernel import Bound, Executor


class Device:
    """The processor, with the kernels called `name`: "cpu" for the fast ones, "reference" for the textbook loops."""

    def __init__(self, name: str) -> None:
        self.name = name

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

    def executor(self, bound: list[Bound], stop: Any) -> Executor:
        """Something with `run()` for kernels that were bound to this device's arrays; `stop` as in Executor."""
        return Executor(bound, stop)

    def __repr__(self) -> str:
        return f"Device({self.name!r})"


_devices = {name: Device(name) for name in ("cpu", "reference")}


def get_device(name: str | Device) -> Device:
    """The device called `name`. Raises DeviceError for a name that is not known."""
    if isinstance(name, Device):
        return name
    try:
        return _devices[choice("build", "device", name, _devices)]
    except ValueError as error:
        raise DeviceError(str(error)) from None
