"""Sizes at which every kernel can be proved in a moment: odd ones, so that no vector and no window fits evenly."""

from __future__ import annotations

import importlib
import inspect

from ...bench import cases
from ...bench.case import Case

# by the names of axes; the first for comparing devices, the second for differences, an element at a time
SMALL = {"A": 7, "B": 5, "C": 4, "E": 200, "F": 7, "G": 2, "H": 6, "I": 6, "K": 2, "M": 4, "N": 3, "O": 5, "P": 4}
SMALL |= {"R": 40, "S": 2, "T": 5, "V": 11, "W": 6}
TINY = {"A": 3, "B": 2, "C": 2, "E": 12, "F": 2, "G": 2, "H": 4, "I": 3, "K": 2, "M": 2, "N": 2, "O": 3, "P": 2}
TINY |= {"R": 4, "S": 2, "T": 3, "V": 5, "W": 4}
MATRIX = {"C": 10, "N": 40}  # of kernels whose axes are two: rows of numbers


def small_cases(operation: str) -> list[Case]:
    """Each kernel of an operation, at small sizes."""
    axes = _axes(operation)
    return _cases(operation, axes, SMALL | (MATRIX if len(axes) == 2 else {}))


def tiny_cases(operation: str) -> list[Case]:
    """The same so small that thousands of forward passes take no time, as plain Python."""
    return _cases(operation, _axes(operation), TINY)


def _axes(operation: str) -> list[str]:
    module = importlib.import_module(f"{cases.__name__}.{operation}")
    return [name for name, p in inspect.signature(module.cases).parameters.items() if p.default is p.empty]


def _cases(operation: str, axes: list[str], sizes: dict[str, int]) -> list[Case]:
    shape = ",".join(f"{axis}={sizes[axis]}" for axis in axes) or None
    return [case for _, case in cases.of(operation, shape)]
