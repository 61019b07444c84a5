"""`numbanet check`: every operation proved on this machine, a line each.

The reference's backward passes are compared with central differences of its forward passes, every element; then every
kernel of each device with the reference. That is as exact as float64 and float32 allow.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..bench import cases
from ..bench.case import Case
from ..bench.kernels import counts, verified
from ..bench.session import available
from ..bench.verification import TOLERANCE
from ..checks import choice
from ..devices import Device
from ..kernels._jit import DISABLED
from ..kernels._threads import get_num_threads, set_num_threads
from . import compiling
from .proof import differences, layers
from .proof.sizes import small_cases
from .uncompiled import in_python

DEVICES = "cpu", "cuda"
WIDTHS = {"operation": 22, "kernels": 7, "gradients": 9, "differences": 11}


@dataclass
class Verdict:
    """What was found of an operation: the worst error by device and type, and what is wrong."""

    kernels: int
    gradients: int = 0
    differences: float = 0.0
    errors: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def run(options: argparse.Namespace) -> int:
    """Print the table. Returns the exit code: 1 where something is wrong."""
    for name in options.operation or ():
        choice("check", "the operation", name, cases.OPERATIONS)
    chosen = list(dict.fromkeys(options.operation or cases.OPERATIONS))
    dtypes = ("float32",) if options.quick else ("float32", "float64")
    start = time.perf_counter()
    devices = available(DEVICES, lambda line: print(line, flush=True))
    if not DISABLED:
        _compile(chosen, dtypes, options.processes)
    before = get_num_threads()
    columns = [f"{device.name} {dtype}" for device in devices for dtype in dtypes]
    _print([*WIDTHS, *columns, "verdict"])
    found = []
    try:
        for name in chosen:
            verdict = prove(name, devices, dtypes)
            found.append(verdict)
            _print(_cells(name, verdict, columns))
    finally:
        set_num_threads(before)
    return _conclude(found, time.perf_counter() - start)


def prove(operation: str, devices: Sequence[Device], dtypes: Sequence[str]) -> Verdict:
    """The differences, and each device's kernels beside the reference's."""
    gradients = differences.prove(operation)
    layers.prove(operation, gradients)
    wrong = [f"{operation}.{text}" for text in gradients.wrong]
    each = small_cases(operation)
    verdict = Verdict(len(each), gradients.gradients, gradients.worst, wrong=wrong)
    for case in each:
        right = in_the_textbook(case)
        for device in devices:
            for dtype in dtypes:
                _compare(verdict, case, device, dtype, right)
    return verdict


def in_the_textbook(case: Case) -> list[Any]:
    """What the reference writes, in float64, by its loops as they are written."""
    arguments = case.make("float64")
    in_python(case.kernel("reference"), arguments)
    return case.written(arguments)


def _compare(verdict: Verdict, case: Case, device: Device, dtype: str, right: list[Any]) -> None:
    """On one thread and on all of them, as the benchmark does before it times a kernel."""
    _, row = verified(case, "", device, counts(device, sorted({1, get_num_threads()})), dtype, right)
    if row.refused:
        verdict.wrong.append(f"on {device.name}, {dtype}: {row.refused}")
    place = f"{device.name} {dtype}"
    verdict.errors[place] = max(verdict.errors.get(place, 0.0), row.error or 0.0)


def _compile(operations: Sequence[str], dtypes: Sequence[str], processes: int | None) -> None:
    jobs = [one for name in operations for one in compiling.of_cases(small_cases(name), "cpu", dtypes)]
    compiled = []
    spent = compiling.compile_all(jobs, processes, lambda done: compiled.append(done.compiled))
    if sum(compiled):
        print(f"{sum(compiled)} kernels compiled in {spent:.1f} s\n", flush=True)


def _cells(name: str, verdict: Verdict, columns: Sequence[str]) -> list[str]:
    gradients = [str(verdict.gradients), f"{verdict.differences:.1e}"] if verdict.gradients else ["", ""]
    errors = [f"{verdict.errors[place]:.1e}" if place in verdict.errors else "" for place in columns]
    return [name, str(verdict.kernels), *gradients, *errors, "WRONG" if verdict.wrong else "right"]


def _print(cells: Sequence[str]) -> None:
    first, *rest = cells
    widths = [*list(WIDTHS.values())[1:], *(12 for _ in rest[len(WIDTHS) - 1 : -1])]
    numbers = [text.rjust(width) for text, width in zip(rest[:-1], widths, strict=True)]
    print("  ".join([first.ljust(WIDTHS["operation"]), *numbers, cells[-1]]), flush=True)


def _conclude(found: Sequence[Verdict], spent: float) -> int:
    wrong = [text for verdict in found for text in verdict.wrong]
    kernels, gradients = sum(v.kernels for v in found), sum(v.gradients for v in found)
    limits = f"{differences.TOLERANCE:g} from differences, " + ", ".join(f"{v:g} in {k}" for k, v in TOLERANCE.items())
    print(
        f"\n{len(found)} operations, {kernels} kernels, {gradients} gradients, {spent:.1f} s. An error is over the "
        f"largest element. Right is up to {limits}."
    )
    for text in wrong:
        print(f"WRONG {text}")
    return 1 if wrong else 0
