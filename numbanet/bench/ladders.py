"""Ladders: an operation's forward pass from the textbook's loop to the kernel that is used, rung by rung.

Each rung is verified, then all take turns at the clock. A rung that is slow has fewer samples than the others, and
plain Python is given a tiny size; so rungs are compared by their FLOPs in a second.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..checks import choice, fail
from ..devices import Device
from ..kernels._threads import get_num_threads, set_num_threads
from . import cases
from .case import Case
from .clock import Run, alternate, seconds
from .kernels import ROUNDS, many, wait_for
from .results import Ladder, Rung
from .variants import Variant
from .verification import WrongResult, expected, verify

OPERATIONS = ("dense", "conv2d", "lstm")
LONGEST = 0.25  # seconds of a run
TINY = {  # for plain Python: some milliseconds
    "dense": {"N": 8, "I": 64, "O": 32},
    "conv2d": {"N": 1, "H": 6, "W": 6, "C": 4, "O": 8},
    "lstm": {"N": 2, "T": 5, "I": 8, "H": 8},
}


def ladder(
    operation: str, device: Device, threads: int, dtype: str, shape: str | None = None, rounds: int = ROUNDS
) -> Ladder:
    """The rungs on a device, timed. Raises WrongResult, which names the rung, and ArgumentError.

    threads: of the last rung on the CPU; the others have one. shape: as for `cases.of`.
    """
    climbers = list(variants(operation, device))
    if threads == 1 and climbers[-2].kernel is climbers[-1].kernel:
        del climbers[-1]  # which is the last but one on more threads
    before, place = get_num_threads(), _Place(operation, device, dtype)
    try:
        full = _axes(next(cases.of(operation, shape))[0])
        prepared = [place.prepare(variant, full, threads) for variant in climbers]
        times = alternate({str(k): rung.run for k, rung in enumerate(prepared)}, rounds, wait=wait_for(device))
    finally:
        set_num_threads(before)
    rungs = tuple(
        Rung(
            rung.variant.name,
            rung.variant.kernel.name,
            rung.variant.why,
            rung.variant.code,
            rung.size,
            rung.threads,
            rung.case.flops,
            times[str(k)].over(rung.count),
            rung.error,
        )
        for k, rung in enumerate(prepared)
    )
    return Ladder(operation, device.name, dtype, rungs)


def variants(operation: str, device: Device) -> tuple[Variant, ...]:
    """The rungs that there are on a device, from the bottom. Raises ArgumentError."""
    choice("bench ladder", "the operation", operation, OPERATIONS)
    if device.name not in ("cpu", "cuda"):
        fail("bench ladder", "device", '"cpu" or "cuda", for the reference is a rung', device.name)
    name = operation if device.name == "cpu" else f"{operation}_{device.name}"
    found: tuple[Variant, ...] = importlib.import_module(f"{__package__}.variants.{name}").RUNGS
    return found


@dataclass(frozen=True)
class _Prepared:
    """A rung that has run once, and was right."""

    variant: Variant
    size: str
    case: Case
    threads: int
    run: Run
    count: int  # how often a run does it
    error: float


@dataclass
class _Place:
    """Where rungs are run."""

    operation: str
    device: Device
    dtype: str
    _known: dict[str, tuple[Case, list[Any]]] = field(default_factory=dict)  # and what the reference makes of it

    def prepare(self, variant: Variant, size: dict[str, int], threads: int) -> _Prepared:
        """The rung, at this size or with fewer samples."""
        number = 0 if self.device.name == "cuda" else threads if variant.all_threads else 1
        if variant.plain:
            size = {axis: min(extent, TINY[self.operation].get(axis, extent)) for axis, extent in size.items()}
        found = self._verified(variant, size, number)
        once, least = seconds(found.run, 1, wait_for(self.device)) / found.count, size
        while once > LONGEST and least["N"] > 1:
            once, least = once / 2, least | {"N": (least["N"] + 1) // 2}
        return found if least is size else self._verified(variant, least, number)

    def _verified(self, variant: Variant, size: dict[str, int], threads: int) -> _Prepared:
        text, case, right = self._case(size)
        arguments = [self._own(a) if isinstance(a, np.ndarray) else a for a in case.make(self.dtype)]
        set_num_threads(threads or get_num_threads())
        run, count = self._program(variant, arguments)
        try:
            error = verify(case, self.dtype, right, case.written(arguments))
        except WrongResult as wrong:
            raise WrongResult(
                f'bench ladder: the rung "{variant.name}" of {self.operation} on {self.device.name}, '
                f"{variant.kernel.name}, is wrong and was not timed. {wrong}"
            ) from wrong
        return _Prepared(variant, text, case, threads, _on_threads(run, threads), count, error)

    def _case(self, size: dict[str, int]) -> tuple[str, Case, list[Any]]:
        shape = ",".join(f"{axis}={extent}" for axis, extent in size.items())
        if shape not in self._known:
            case = next(case for _, case in cases.of(self.operation, shape) if case.function == "forward")
            self._known[shape] = case, expected(case)
        case, right = self._known[shape]
        return case.note, case, right

    def _own(self, array: Any) -> Any:
        """A copy on the device, which begins where a cache line does, as a model's arrays do."""
        made = self.device.zeros(array.shape, array.dtype)
        made[...] = array
        return made

    def _program(self, variant: Variant, arguments: list[Any]) -> tuple[Run, int]:
        """What runs the rung so and so often, after it has run."""
        if variant.plain:
            function: Callable[..., None] = variant.kernel.function
            function(*arguments)
            return lambda: function(*arguments), 1
        return many(variant.kernel.bind(*arguments), self.device)


def _on_threads(run: Run, number: int) -> Run:
    """The run on so many threads, which takes turns with others."""
    if not number:
        return run

    def one() -> None:
        set_num_threads(number)
        run()

    return one


def _axes(text: str) -> dict[str, int]:
    """{"N": 128, "I": 784} of "N=128 I=784"."""
    return {axis: int(extent) for axis, _, extent in (part.partition("=") for part in text.split())}
