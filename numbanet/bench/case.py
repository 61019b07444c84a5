"""A kernel with arguments to try it with: arrays that are drawn, the same at every run.

    yield call("forward", array(13, 7), 0.5, out(13, 7), flops=13 * 7)

`array`, `integers`: what a kernel reads. `out`: what it writes; it begins as NaN. `update(a)`: what it changes in
place. `double(a)`: float64 also in a model of float32, such as the learning rate or the state of a metric.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

DRAWN = 1 << 20  # numbers of an array; those behind them repeat them, as drawing takes longer than the kernel


@dataclass(frozen=True)
class Given:
    """An array among the arguments: its values, and what a kernel does with it."""

    values: Any
    written: bool = False  # or changed
    double: bool = False
    read: bool = True


@dataclass(frozen=True)
class Case:
    """A call of a kernel."""

    operation: str
    function: str
    arguments: tuple[Any, ...]
    note: str
    flops: float = 0.0
    moved: float | None = None  # elements read and written, where that is not every array once

    def __str__(self) -> str:
        return f"{self.operation}.{self.function}-{self.note}"

    def kernel(self, device: str) -> Any:
        """The function of that device's module."""
        module = importlib.import_module(f"numbanet.kernels.{self.operation}.{device}")
        return getattr(module, self.function)

    def on(self, device: Any) -> Any:
        """The function of a Device's module."""
        return getattr(device.kernels(importlib.import_module(f"numbanet.kernels.{self.operation}")), self.function)

    def make(self, dtype: str) -> list[Any]:
        """The arguments, with arrays of their own in the model's type; one that is given twice is one array."""
        made: list[Any] = []
        arrays: dict[int, Any] = {}
        for argument in self.arguments:
            if isinstance(argument, Given) and id(argument) not in arrays:
                floats = argument.values.dtype.kind == "f" and not argument.double
                arrays[id(argument)] = argument.values.astype(dtype if floats else argument.values.dtype)
            made.append(arrays.get(id(argument), argument))
        return made

    def written(self, made: Sequence[Any]) -> list[Any]:
        """Those of the arrays that a kernel has written or changed."""
        return [a for a, given in zip(made, self.arguments, strict=True) if isinstance(given, Given) and given.written]

    def renew(self, made: Sequence[Any], dtype: str) -> None:
        """Let the arrays that a kernel changes begin anew; what it only writes stays."""
        for a, b, given in zip(made, self.make(dtype), self.arguments, strict=True):
            if isinstance(given, Given) and given.written and given.read:
                a[...] = b

    def changed(self, made: Sequence[Any], dtype: str) -> list[int]:
        """The places of the arrays that a kernel should only read and that are not what they were."""
        pairs = enumerate(zip(made, self.make(dtype), self.arguments, strict=True))
        written = {id(a) for a in self.written(made)}
        return [
            k
            for k, (a, b, given) in pairs
            if isinstance(given, Given) and id(a) not in written and not np.array_equal(np.array(a), b, equal_nan=True)
        ]

    def sizes(self, dtype: str) -> tuple[float, float]:
        """Bytes that the kernel reads and writes, and bytes of its arrays: what a cache would have to hold."""
        found = list({id(a): a for a in self.arguments if isinstance(a, Given)}.values())

        def size(given: Given) -> int:
            floats = given.values.dtype.kind == "f" and not given.double
            return int(given.values.size * (np.dtype(dtype) if floats else given.values.dtype).itemsize)

        held = float(sum(map(size, found)))
        if self.moved is not None:
            moved = self.moved * np.dtype(dtype).itemsize
            return moved, min(held, moved)  # what is left alone needs no room in a cache
        return float(sum(size(a) * (a.read + a.written) for a in found)), held


@dataclass(frozen=True)
class Call:
    """A Case as the file of its operation writes it."""

    function: str
    arguments: tuple[Any, ...]
    flops: float
    moved: float | None


def call(function: str, *arguments: Any, flops: float = 0.0, moved: float | None = None) -> Call:
    """A call of that function of the operation; flops and moved: of a Case."""
    return Call(function, arguments, flops, moved)


def _repeated(drawn: Any, shape: tuple[int, ...]) -> Any:
    return np.resize(drawn, math.prod(shape)).reshape(shape)


def array(*shape: int, low: float | None = None, high: float | None = None) -> Given:
    """Normal, or uniform between low and high; every value is a float32."""
    random = np.random.default_rng([len(shape), *shape])
    size: Any = shape if math.prod(shape) <= DRAWN else DRAWN
    values = random.standard_normal(size) if low is None else random.uniform(low, high or 0.0, size)
    return Given(_repeated(values.astype(np.float32).astype(np.float64), shape))


def integers(low: int, high: int, *shape: int) -> Given:
    """Whole numbers from low to high - 1, int64."""
    return Given(np.random.default_rng([1, *shape]).integers(low, high, shape))


def exact(values: Any) -> Given:
    """These very values."""
    return Given(np.asarray(values))


def out(*shape: int, dtype: Any = np.float64) -> Given:
    """An array that is written: NaN, or a number that is no index, before."""
    before = np.nan if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    return Given(np.full(shape, before, dtype), written=True, read=False)


def update(given: Given) -> Given:
    """An array that is changed in place."""
    return Given(given.values, written=True, double=given.double)


def double(given: Given) -> Given:
    """An array that stays float64 in a model of float32."""
    return Given(given.values, given.written, double=True, read=given.read)
