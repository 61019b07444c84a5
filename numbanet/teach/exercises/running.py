"""A learner's file, run on the arguments of a sheet."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import worker
from .sheet import Arguments, Sheet, called, copied, parameters, situations, solved

# What a file prints may have no end, and would fill the memory here.
SILENT: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
GRACE = 30.0  # seconds to start Python and import NumPy


@dataclass(frozen=True)
class Run:
    """One call of a learner's function, and the same call of the right one.

    before, received, expected: the arguments by name, before and after. returned: whether the function returned
    something. twice: which numbers stood in what it overwrites, 0 or 1.
    """

    function: str
    number: int  # of the sheet's sizes
    twice: int
    before: Arguments
    received: Arguments
    expected: Arguments
    returned: bool
    error: str
    line: int


def runs(sheet: Sheet, path: str, seconds: float) -> tuple[list[Run], str, int]:
    """Every asked function at every size, twice with other numbers in what it overwrites, and once more with the first.

    Or an error and its line.
    """
    plan = [
        (piece, number, twice, begun(sheet, piece.called, number, twice))
        for piece in sheet.asked
        for number in range(len(sheet.sizes))
        for twice in (0, 1, 0)
    ]
    calls = [(piece.called, [copied(v) for v in before.values()]) for piece, _, _, before in plan]
    answer = _in_a_process(path, calls, seconds)
    if answer["error"]:
        return [], answer["error"], answer["line"]
    made = []
    for (piece, number, twice, before), result in zip(plan, answer["results"], strict=True):
        right = called(solved(sheet)[piece.called], before, {})
        received = dict(zip(before, result["arguments"], strict=True))
        error = result["error"] or _reshaped(before, received)
        if error and not result["error"]:
            received = {name: copied(value) for name, value in before.items()}
        told = result["returned"], error, result["line"]
        made.append(Run(piece.called, number, twice, before, received, right, *told))
    return made, "", 0


def _reshaped(before: Arguments, received: Arguments) -> str:
    """What is wrong with an array whose shape or type the call has changed, which no loop can be compared with."""
    for name, old in before.items():
        new = received[name]
        for what in ("shape", "dtype") if isinstance(old, np.ndarray) else ():
            if getattr(new, what) != getattr(old, what):
                return f"{name} has another {what}, {getattr(new, what)} where it came with {getattr(old, what)}"
    return ""


def begun(sheet: Sheet, function: str, number: int, twice: int) -> Arguments:
    """The arguments of a call; numbers that mean nothing stand in what the function must overwrite."""
    given, piece = situations(sheet)[number], sheet.piece(function)
    random = np.random.default_rng([number, twice, 7])
    arguments = {name: copied(given[name]) for name in parameters(solved(sheet)[function])}
    for name in piece.written:
        if name not in sheet.updated.split():
            shape, kind = arguments[name].shape, arguments[name].dtype
            arguments[name] = (100.0 * random.uniform(1.0, 2.0, shape)).astype(kind)
    return arguments


def _in_a_process(path: str, calls: list[Any], seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        asked, answer, stuck = (os.path.join(folder, name) for name in ("calls", "results", "stuck"))
        with open(asked, "wb") as file:
            pickle.dump(calls, file)
        command = [sys.executable, worker.__file__, path, asked, answer, stuck, str(seconds)]
        try:
            ended = subprocess.run(command, **SILENT, timeout=seconds + GRACE)  # noqa: S603
        except subprocess.TimeoutExpired:
            return {"error": f"did not end within {seconds:g} seconds", "line": 0}
        if os.path.exists(answer):
            with open(answer, "rb") as file:
                result: dict[str, Any] = pickle.load(file)
            return result
        told = Path(stuck).read_text(encoding="utf-8", errors="replace")
    if "Timeout" in told:
        lines = re.findall(rf'File "{re.escape(path)}", line (\d+)', told)
        return {"error": f"did not end within {seconds:g} seconds: a loop without end?", "line": int((lines or [0])[0])}
    return {"error": f"the process ended with status {ended.returncode}", "line": 0}
