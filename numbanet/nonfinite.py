"""Where a step's first NaN or infinity came up: its calls are run again, one by one, and their arrays looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .program import Call, Program


class Found(NamedTuple):
    """The first element that is not finite in the array of an owner, and the operation that wrote it, if any."""

    owner: str
    array: str
    place: tuple[int, ...]
    value: float
    operation: str = ""

    def __str__(self) -> str:
        index = ", ".join(map(str, self.place))
        origin = f", which {self.operation} wrote" if self.operation else ""
        return f"{self.array}[{index}] = {self.value} of {self.owner!r}{origin}"


Named = tuple[str, str, Any]  # owner, name, array


def among(arrays: Iterable[Named]) -> Found | None:
    """The first of some arrays that is not finite; None where all are."""
    return next((found for named in arrays if (found := _look(*named)) is not None), None)


def first(parameters: Iterable[Named], batch: Iterable[Named], program: Program) -> Found | None:
    """The first array that is not finite: a parameter, one of the batch, or one that a call wrote.

    What calls write must be finite when this begins. Metrics and the optimizer do not run. Returns None where all is
    finite.
    """
    known = among(parameters)
    if known or (known := among(batch)):
        return known
    for call in program.calls:
        if call.owner in ("data", "check", "metrics", "optimizer"):
            continue
        call.kernel(*call.arguments)
        for name, array in _written_last(call):
            if (found := _look(call.owner, name, array, _operation(call))) is not None:
                return found
    return None


def _written_last(call: Call) -> Iterator[tuple[str, Any]]:
    """The call's arrays by name: outputs come last in a kernel's arguments, so those are looked at first."""
    yield from reversed(list(zip(call.kernel.parameters, call.arguments, strict=True)))


def _operation(call: Call) -> str:
    """numbanet.kernels.dense.cpu.forward -> dense.forward; kernels that users write keep their names."""
    module, _, name = call.kernel.name.rpartition(".")
    own = module.removeprefix("numbanet.kernels.")
    return f"{own.partition('.')[0]}.{name}" if own != module else call.kernel.name


def _look(owner: str, name: str, array: Any, operation: str = "") -> Found | None:
    if not hasattr(array, "dtype") or array.dtype.kind != "f" or not array.shape:
        return None
    array = np.asarray(array)
    bad = ~np.isfinite(array)
    if not bad.any():
        return None
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), array.shape))
    return Found(owner, name, index, float(array[index]), operation)
