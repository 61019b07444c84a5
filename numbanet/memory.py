"""Arena: named shapes become one flat buffer and aligned views of it.

Parameters, their gradients, each optimizer moment and the activations of a step are an arena each, so one kernel
call updates all parameters, one array is a checkpoint, and a training step allocates nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .devices import Device

ALIGNMENT = 64  # bytes: a cache line, and an AVX-512 register


class Arena:
    """One zeroed buffer on `device`; `views[name]` has the shape asked for and starts on a cache line.

    The padding between views is zero and stays zero: every kernel that runs over the whole buffer maps zero to zero.
    """

    def __init__(self, device: Device, dtype: Any, shapes: Mapping[str, tuple[int, ...]]) -> None:
        step = ALIGNMENT // dtype.itemsize
        self.offsets: dict[str, int] = {}
        size = 0
        for name, shape in shapes.items():
            self.offsets[name] = size
            size += -(-math.prod(shape) // step) * step
        self.buffer = device.zeros((size,), dtype)
        self.views = {
            name: self.buffer[start : start + math.prod(shape)].reshape(shape)
            for (name, shape), start in zip(shapes.items(), self.offsets.values(), strict=True)
        }

    @property
    def nbytes(self) -> int:
        return int(self.buffer.nbytes)
