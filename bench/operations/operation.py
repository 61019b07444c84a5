"""One timed operation: how to make it, how much work it is, and the same in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from numbanet.kernels._kernel import Bound

FORMATS = "contiguous_format", "channels_last"  # of PyTorch's images


@dataclass(frozen=True)
class Operation:
    """A kernel, or the kernels of a layer's pass, at one size. Nothing is allocated until it is made."""

    name: str  # "dense forward 128x784x512": family, operation, size
    work: float  # FLOPs, or bytes of the arrays that it reads and writes
    unit: str  # "GFLOP/s" or "GB/s"
    ours: Callable[[], tuple[list[Bound], np.ndarray]]  # the calls, and what they write
    peers: Callable[[], list[Callable[[], Any]]]  # PyTorch's, one for each memory format, with results laid out as ours
    same: bool = True  # False where random numbers or a state make each result another

    @property
    def family(self) -> str:
        return self.name.split()[0]


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    """Normally distributed, float32."""
    return np.random.default_rng(seed).standard_normal(shape, np.float32)
