"""A learner's file, run on the arguments of a sheet."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import worker
from .sheet import Arguments, Sheet, called, copied, parameters, situations, solved

GRACE = 30.0  # seconds to start Python and import NumPy


@dataclass(frozen=True)
class Run:
    """One call of a learner's function, and the same call of the right one.

    before, received, expected: the arguments by name, before and after. returned: whether the function returned
    something.
    """

    function: str
    number: int  # of the sheet's sizes
    before: Arguments
    received: Arguments
    expected: Arguments
    returned: bool
    error: str
    line: int


def runs(sheet: Sheet, path: str, seconds: float) -> tuple[list[Run], str, int]:
    """Every asked function at every size, twice, with other numbers in what it overwrites; or an error and its line."""
    plan = [
        (piece, number, begun(sheet, piece.called, number, twice))
        for piece in sheet.asked
        for number in range(len(sheet.sizes))
        for twice in (0, 1)
    ]
    calls = [(piece.called, [copied(v) for v in before.values()]) for piece, _, before in plan]
    answer = _in_a_process(path, calls, seconds)
    if answer["error"]:
        return [], answer["error"], answer["line"]
    made = []
    for (piece, number, before), result in zip(plan, answer["results"], strict=True):
        right = called(solved(sheet)[piece.called], before, {})
        received = dict(zip(before, result["arguments"], strict=True))
        told = result["returned"], result["error"], result["line"]
        made.append(Run(piece.called, number, before, received, right, *told))
    return made, "", 0


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
        asked, answer = os.path.join(folder, "calls"), os.path.join(folder, "results")
        with open(asked, "wb") as file:
            pickle.dump(calls, file)
        command = [sys.executable, worker.__file__, path, asked, answer, str(seconds)]
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=seconds + GRACE)  # noqa: S603
        except subprocess.TimeoutExpired:
            return {"error": f"did not end within {seconds:g} seconds", "line": 0}
        if os.path.exists(answer):
            with open(answer, "rb") as file:
                result: dict[str, Any] = pickle.load(file)
            return result
    if "Timeout" in ended.stderr:
        lines = re.findall(rf'File "{re.escape(path)}", line (\d+)', ended.stderr)
        return {"error": f"did not end within {seconds:g} seconds: a loop without end?", "line": int((lines or [0])[0])}
    return {"error": f"the process ended with status {ended.returncode}: {ended.stderr.strip()[-300:]}", "line": 0}
