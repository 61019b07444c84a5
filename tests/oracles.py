"""What the tests measure against: central differences, and comparison of a device with the reference."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

RELATIVE, ABSOLUTE = 1e-7, 1e-9  # a gradient against differences, in float64
AGREEMENT = {np.dtype("float32"): 2e-6, np.dtype("float64"): 1e-12}  # a device against the reference, by tensor
DTYPES = ("float32", "float64")


def device_module(operation: ModuleType, device: str) -> Any:
    """numbanet.kernels.<operation>.<device>"""
    return importlib.import_module(f"{operation.__name__}.{device}")


def poisoned(like: np.ndarray, dtype: Any = None) -> np.ndarray:
    """An array of the same shape, full of NaN, for a kernel to overwrite."""
    return np.full(like.shape, np.nan, dtype or like.dtype)


def differences(loss: Callable[[], float], values: np.ndarray, step: float = 1e-3) -> np.ndarray:
    """d loss / d values over all elements, changed in place and restored: central differences of fourth order."""
    gradient = np.empty_like(values)
    flat, out = values.reshape(-1), gradient.reshape(-1)
    for i in range(flat.size):
        kept = flat[i]
        at = {}
        for k in (-2, -1, 1, 2):
            flat[i] = kept + k * step
            at[k] = loss()
        flat[i] = kept
        out[i] = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * step)
    return gradient


def assert_gradient(found: np.ndarray, loss: Callable[[], float], values: np.ndarray, step: float = 1e-3) -> None:
    """Every element of `found` is d loss / d values."""
    expected = differences(loss, values, step)
    error = np.abs(found - expected)
    worst = np.unravel_index(np.argmax(error - RELATIVE * np.abs(expected)), error.shape)
    assert np.all(error <= ABSOLUTE + RELATIVE * np.abs(expected)), (worst, found[worst], expected[worst])


def assert_agrees(found: np.ndarray, expected: np.ndarray, tolerance: float | None = None) -> None:
    """`found` is within its type's tolerance of `expected`, relative to the tensor's largest element."""
    scale = max(float(np.abs(expected).max()), 1e-30)
    error = float(np.abs(found.astype(np.float64) - expected).max()) / scale
    assert error <= (tolerance or AGREEMENT[found.dtype]), error
