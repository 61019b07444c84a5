"""The GPU, or for a rehearsal without one its emulation; PyTorch beside it; and a driver that compiles alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from numbanet.devices import get_device
from numbanet.devices.cuda import CudaDevice
from numbanet.devices.simulator import Simulator
from numbanet.kernels._cache import store


class Machine:
    """quick: everything tiny, and without a GPU on one that is made of NumPy."""

    def __init__(self, quick: bool, capability: tuple[int, int] | None = None) -> None:
        self.quick = quick
        self._driver: Any = None if capability is None else Paper(capability)
        self._torch: Any = None
        self._beside: Any = None
        self.warm = False  # whether something has run on it

    def device(self, precision: str | None = None) -> Any:
        """The GPU; precision: of products."""
        if self._driver is None and self.quick:
            from tests.ptx.emulated import EmulatedDriver

            self._driver = EmulatedDriver()
        return get_device("cuda", precision) if self._driver is None else CudaDevice(self._driver, precision)

    @property
    def torch(self) -> Any:
        """PyTorch, where it can use the GPU; None otherwise."""
        if self._torch is None and self._driver is None:
            try:
                import torch
            except ImportError:
                return None
            self._torch = torch if torch.cuda.is_available() else False
        return self._torch or None

    @property
    def beside(self) -> Any:
        """The stream that PyTorch's graphs are captured on. A backward pass runs on the stream of its forward pass."""
        if self._beside is None:
            self._beside = self.torch.cuda.Stream()
        return self._beside

    def synchronize(self) -> None:
        """Wait for all that numbanet and PyTorch have started."""
        self.device().driver.synchronize()
        if self.torch:
            self.torch.cuda.synchronize()

    def describe(self) -> dict[str, str]:
        """The GPU and the libraries."""
        driver = self.device().driver
        found = {"GPU": driver.name, "compute capability": ".".join(map(str, driver.capability))}
        if hasattr(driver, "version"):
            found["driver"] = "for CUDA " + ".".join(map(str, driver.version))
        if self.torch:
            found["cuDNN"] = str(self.torch.backends.cudnn.version())
        return found


# of a launch: threads and bytes of shared memory of a block, blocks along three axes, bytes of parameters
MOST = 1024, 227 * 1024, 2**31 - 1, 65535, 65535, 4096


class Paper(Simulator):
    """A driver that compiles kernels for a GPU and keeps them on disk, but has no memory and runs nothing."""

    def __init__(self, capability: tuple[int, int]) -> None:
        super().__init__()
        self.capability, self._next = capability, 256

    def allocate(self, size: int) -> int:
        address = self._next
        self._next += -(-size // 256) * 256
        return address

    def free(self, address: int) -> None:
        """There is nothing to free."""

    def clear(self, address: int, size: int) -> None:
        """There is nothing to clear."""

    def copy_in(self, address: int, host: Any) -> None:
        """There is nowhere to copy to."""

    def copy(self, target: int, source: int, size: int) -> None:
        """There is nothing to copy."""

    def copy_out(self, host: Any, address: int) -> None:
        host[...] = 0

    def load(self, launch: Any) -> Any:
        """Compiled. Raises ValueError for a launch that no GPU would take."""
        launch.ptx(self.capability)
        size = launch.threads, launch.shared, *launch.grid, launch.words.nbytes
        if any(found > most for found, most in zip(size, MOST, strict=True)):
            raise ValueError(f"{launch.kernel.name}: expected at most {MOST}, found {size}")

    def launch(self, function: Any, launch: Any) -> None:
        """It is compiled."""


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Normally distributed, float32; from 2^20 numbers on they repeat, as drawing them would take long."""
    size = math.prod(shape)
    drawn = np.random.default_rng(seed).standard_normal(min(size, 1 << 20), np.float32)
    return np.resize(drawn, size).reshape(shape)


def compiled() -> tuple[int, int]:
    """Kernels that this process has compiled, and loaded from disk."""
    return store.compiled, store.loaded
