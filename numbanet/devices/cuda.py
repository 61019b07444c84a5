"""A GPU as a device: its arrays, and programs that are recorded as a CUDA graph at their first run."""

from __future__ import annotations

import importlib.util
import math
import weakref
from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import DeviceError, MissingDependency
from ..kernels import gather
from ..kernels._kernel import MOST_ELEMENTS
from ..kernels._plain import plain
from .arrays import DeviceArray, Flag, Followed
from .host import Device

TENSOR_CORES = (8, 0)  # the compute capability from which they take TF32 and bfloat16
SHARE = 0.6  # of the memory that is free, for data that stay on the GPU


def find_driver() -> Any:
    """The machine's GPU, or Numba's simulator with NUMBA_ENABLE_CUDASIM=1. Raises DeviceError, MissingDependency."""
    try:
        from ..kernels import _cuda
    except ImportError as error:
        raise MissingDependency(
            f"device='cuda' needs numba-cuda, which cannot be imported ({error}). pip install 'numbanet[cuda]'"
        ) from error

    if _cuda.SIMULATED:
        from .simulator import Simulator

        return Simulator()
    from .driver import Driver

    return Driver()


class CudaDevice(Device):
    """The GPU of a driver: what allocates, copies and launches.

    precision: "tf32" or "bf16" for products of matrices on tensor cores, summed in float32; None for float32's own.
    """

    def __init__(self, driver: Any, precision: str | None = None) -> None:
        super().__init__("cuda")
        if precision and driver.capability < TENSOR_CORES:
            found = ".".join(map(str, driver.capability))
            raise DeviceError(
                f"cuda: precision={precision!r} needs a GPU of compute capability 8.0 or newer, and {driver.name} has "
                f"{found}. Leave precision out."
            )
        self.driver, self.precision = driver, precision

    def kernels(self, operation: ModuleType) -> Any:
        """The module of `operation`'s kernels, that of the precision where it has one."""
        own = f"{operation.__name__}.{self.precision}"
        if self.precision and importlib.util.find_spec(own):
            return importlib.import_module(own)
        return super().kernels(operation)

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> DeviceArray:
        """A zeroed array in the GPU's memory. Raises DeviceError where there is no room."""
        dtype = np.dtype(dtype)
        size = math.prod(shape) * dtype.itemsize
        memory = _Memory(self.driver, size)
        self.driver.clear(memory.address, size)
        return DeviceArray(self, memory, memory.address, shape, dtype)

    def adopt(self, owner: str, name: str, value: Any) -> Any:
        return self.take(value) if hasattr(value, "__cuda_array_interface__") else value

    def rows(self, array: Any, chosen: Any) -> Any:
        if isinstance(chosen, slice) or not isinstance(array, DeviceArray):
            return array[chosen]
        found = self.zeros((len(chosen), *array.shape[1:]), array.dtype)
        order, first = self.take(np.asarray(chosen, np.int64)), self.zeros((1,), np.int64)
        self.kernels(gather).rows(array.reshape(len(array), -1), order, first, found.reshape(len(found), -1))
        return found

    def take(self, array: Any) -> Any:
        """A copy in the GPU's memory, or a view of what is there already."""
        interface = getattr(array, "__cuda_array_interface__", None)
        if isinstance(array, DeviceArray):
            return array
        if interface is not None:
            return self._view(array, interface)
        copy = self.zeros(array.shape, array.dtype)
        copy[...] = array
        return copy

    def _view(self, array: Any, interface: dict[str, Any]) -> DeviceArray:
        """Another library's array, which that library keeps."""
        view = DeviceArray(self, array, interface["data"][0], interface["shape"], interface["typestr"])
        dense = [math.prod(view.shape[axis + 1 :]) * int(view.dtype.itemsize) for axis in range(view.ndim)]
        if view.size and interface.get("strides") is not None and list(interface["strides"]) != dense:
            raise DeviceError(
                f"cuda: expected a C-contiguous array on the GPU, received strides {interface['strides']} of shape "
                f"{view.shape}. Copy it, as with x.contiguous() or cupy.ascontiguousarray(x)."
            )
        if view.size:
            self.driver.expect_own(view.address)
        self.driver.wait_for(interface.get("stream", 0))  # older versions do not say: for all of them
        return view

    def unrounded(self) -> CudaDevice:
        return CudaDevice(self.driver) if self.precision else self

    def holds(self, arrays: Sequence[Any]) -> bool:
        """Whether they are small enough for kernels, and there is room for those that are not on the GPU yet."""
        new = sum(a.nbytes for a in arrays if not isinstance(a, DeviceArray))
        return all(a.size <= MOST_ELEMENTS for a in arrays) and new <= SHARE * self.driver.free_bytes()

    def follow(self, array: Any) -> Followed:
        return Followed(self, array)

    def flag(self) -> Flag:
        return Flag(self)

    def is_set(self, flag: Flag, wait: bool) -> bool:
        if flag.used and wait:
            self.driver.synchronize()
        return flag.used and bool(flag.seen[0])

    def executor(self, bound: list[Any], stop: Any) -> CudaExecutor:
        return CudaExecutor(self, bound, stop)


class _Memory:
    """A piece of the GPU's memory, given back when nothing refers to it."""

    def __init__(self, driver: Any, size: int) -> None:
        self.address = driver.allocate(size)
        weakref.finalize(self, driver.free, self.address).atexit = False  # the process ends, and its memory with it


class CudaExecutor:
    """Runs launches in order: as a CUDA graph, which one call starts.

    stop: a Flag. Where a kernel takes it, no kernel of the program does anything once it is set.
    """

    def __init__(self, device: CudaDevice, launches: Sequence[Any], stop: Flag | None) -> None:
        self.device, self._graph = device, None
        size = max((launch.scratch for launch in launches), default=0)
        self.scratch = device.zeros((size,), np.uint8) if size else None
        stages = [(stage, bool(launch.scratch)) for launch in launches for stage in launch.stages()]
        arguments = [argument for stage, _ in stages for argument in stage.arguments]
        self.followed = [a for a in arguments if isinstance(a, Followed)]
        self.stop = stop if stop is not None and any(a is stop for a in arguments) else None
        if self.stop is not None:
            self.stop.used = True
        self.launches = [replace(stage, words=self._words(stage, scratch)) for stage, scratch in stages]

    def _words(self, launch: Any, scratch: bool) -> Any:
        words = launch.words.copy()
        if self.stop is not None:
            words[0] = self.stop.address
        if scratch and self.scratch is not None:
            words[-2] = self.scratch.address
        return words

    def run(self) -> None:
        """Start the program; it may still run when this returns."""
        if plain.get():
            raise DeviceError(
                "pure_python: expected a model on device='cpu' or 'reference', whose loops Python can run. Received: "
                "one on 'cuda'. Build another on 'reference', and set_weights(model.get_weights())."
            )
        for array in self.followed:
            array.refresh()
        driver = self.device.driver
        if self._graph is None:
            functions = [driver.load(launch) for launch in self.launches]
            with driver.recording() as graph:
                for function, launch in zip(functions, self.launches, strict=True):
                    driver.launch(function, launch)
                if self.stop is not None:
                    driver.copy_out_later(self.stop.seen, self.stop.address)
            self._graph = graph
        driver.replay(self._graph)
