"""The arguments that every CUDA kernel is tried with.

    def cases():
        x = array(13, 7)
        yield case("forward", x, 0.5, out(13, 7))

`array`, `integers`: drawn, the same at every run. `out`: what a kernel writes; it begins as NaN. `update(a)`: what it
changes in place. `double(a)`: float64 also in a model of float32, such as the learning rate or the state of a metric.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import Any

import numpy as np

from numbanet import kernels

OPERATIONS = sorted(m.name for m in pkgutil.iter_modules(kernels.__path__) if m.ispkg)


@dataclass(frozen=True)
class Given:
    """An array among the arguments: its values, and what a kernel does with it."""

    values: Any
    written: bool = False  # or changed
    double: bool = False


@dataclass(frozen=True)
class Case:
    operation: str
    function: str
    arguments: tuple[Any, ...]
    note: str

    def __str__(self):
        return f"{self.operation}.{self.function}-{self.note}"

    def kernel(self, device):
        module = importlib.import_module(f"numbanet.kernels.{self.operation}.{device}")
        return getattr(module, self.function)

    def make(self, dtype):
        """The arguments, with arrays of their own in the model's type; one that is given twice is one array."""
        made, arrays = [], {}
        for argument in self.arguments:
            if isinstance(argument, Given) and id(argument) not in arrays:
                floats = argument.values.dtype.kind == "f" and not argument.double
                arrays[id(argument)] = argument.values.astype(dtype if floats else argument.values.dtype)
            made.append(arrays.get(id(argument), argument))
        return made

    def written(self, made):
        """Those of the arrays that a kernel has written or changed."""
        return [a for a, given in zip(made, self.arguments, strict=True) if isinstance(given, Given) and given.written]


def array(*shape, low=None, high=None):
    """Normal, or uniform between low and high; every value is a float32."""
    random = np.random.default_rng([len(shape), *shape])
    values = random.standard_normal(shape) if low is None else random.uniform(low, high, shape)
    return Given(values.astype(np.float32).astype(np.float64))


def integers(low, high, *shape):
    """Whole numbers from low to high - 1, int64."""
    return Given(np.random.default_rng([1, *shape]).integers(low, high, shape))


def exact(values):
    """These very values."""
    return Given(np.asarray(values))


def out(*shape, dtype=np.float64):
    """An array that is written: NaN, or a number that is no index, before."""
    return Given(np.full(shape, np.nan if np.dtype(dtype).kind == "f" else -(2**40), dtype), written=True)


def update(given):
    """An array that is changed in place."""
    return Given(given.values, written=True, double=given.double)


def double(given):
    """An array that stays float64 in a model of float32."""
    return Given(given.values, given.written, double=True)


def case(function, *arguments, note=""):
    """A call: Case without its operation, which the table knows."""
    shapes = [argument.values.shape for argument in arguments if isinstance(argument, Given)]
    first = "x".join(map(str, shapes[0] + shapes[-1])) if shapes else ""
    return function, arguments, "-".join(filter(None, [note, first]))


def of(operation):
    """The cases of an operation; none where it has no file."""
    try:
        module = importlib.import_module(f"{__name__}.{operation}")
    except ModuleNotFoundError:
        return []
    return [Case(operation, *found) for found in module.cases()]


def everything():
    """The cases of all operations."""
    return [found for operation in OPERATIONS for found in of(operation)]
