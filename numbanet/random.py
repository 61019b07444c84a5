"""Counter-based random numbers: (seed, stream, step, index) -> number, the same on every device.

Nothing is drawn from a hidden state, so the numbers of one layer do not depend on what another one drew, on the
number of threads, or on where training was interrupted. The generator is Philox4x32-10 (kernels/_philox.py).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .devices import get_device
from .kernels import random as operation

# Streams below 2^32, apart from each other: each use of random numbers has its own.
SHUFFLE, SPLIT = 1, 2
PARAMETERS = 1_000  # + the parameter's place in the model
LAYERS = 1_000_000  # + the streams of the layers below; layers inside layers count too


def _draw(kind: str, shape: tuple[int, ...], seed: int, stream: int, step: int, dtype: Any) -> Any:
    out = np.empty(math.prod(shape), dtype)
    if out.size:
        getattr(get_device("cpu").kernels(operation), kind)(seed, stream, step, out)
    return out.reshape(shape)


def uniform(shape: tuple[int, ...], seed: int, stream: int, step: int = 0) -> Any:
    """float64 numbers, uniform in [0, 1)."""
    return _draw("uniform", shape, seed, stream, step, np.float64)


def normal(shape: tuple[int, ...], seed: int, stream: int, step: int = 0) -> Any:
    """float64 numbers of the standard normal distribution."""
    return _draw("normal", shape, seed, stream, step, np.float64)


def permutation(n: int, seed: int, stream: int, step: int = 0) -> Any:
    """The numbers 0 to n - 1 in random order: the order of n random 53-bit keys."""
    return np.argsort(uniform((n,), seed, stream, step), kind="stable")
