"""Runs a learner's file in a process of its own: python worker.py FILE CALLS RESULTS STUCK SECONDS.

CALLS holds [(function, arguments), ...] and RESULTS gets {"error", "line", "results"}, both by pickle; STUCK gets the
traceback of a file that takes longer than SECONDS. A process can be ended then, and what the file does to modules stays
in it. It is no sandbox: the file can do whatever its user can.
"""

from __future__ import annotations

import faulthandler
import inspect
import os
import pickle
import sys
import traceback
from typing import Any

import numpy as np


def main(path: str, calls: str, results: str, stuck: str, seconds: float) -> None:
    place = open(stuck, "w")  # noqa: SIM115 - to the end of the process
    faulthandler.dump_traceback_later(max(seconds, 0.001), exit=True, file=place)  # it takes no less than 1 us
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    with open(calls, "rb") as file:
        asked = pickle.load(file)
    found = answer(path, asked)
    with open(results, "wb") as file:
        pickle.dump(found, file)


def answer(path: str, asked: list[tuple[str, list[Any]]]) -> dict[str, Any]:
    """What main writes."""
    space: dict[str, Any] = {"__name__": "exercise", "__file__": path}
    try:
        with open(path, encoding="utf-8-sig") as file:
            exec(compile(file.read(), path, "exec"), space)  # noqa: S102 - which is what grading is
    except BaseException as error:  # also exit() at the top of the file
        told, line = _told(path, error)
        return {"error": told, "line": line, "results": []}
    return {"error": "", "line": 0, "results": [_call(path, space, name, arguments) for name, arguments in asked]}


def _call(path: str, space: dict[str, Any], function: str, arguments: list[Any]) -> dict[str, Any]:
    """The arguments after the call, whether something was returned, and what was raised in which line."""
    result = {"arguments": arguments, "returned": False, "error": "", "line": 0}
    loop = space.get(function)
    if not callable(loop):
        return result | {"error": f"the file has no function {function}"}
    try:
        inspect.signature(loop).bind(*arguments)
    except TypeError as error:
        return result | {"error": f"{function} does not take its {len(arguments)} arguments: {error}"}
    try:
        with np.errstate(all="ignore"):
            result["returned"] = loop(*arguments) is not None
    except BaseException as error:  # a learner's function may raise anything
        result["error"], result["line"] = _told(path, error)
    return result


def _told(path: str, error: BaseException) -> tuple[str, int]:
    """What went wrong, and in which line of the file."""
    lines = [frame.lineno or 0 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    if isinstance(error, SyntaxError) and error.filename == path:
        lines.append(error.lineno or 0)
    told = "".join(traceback.format_exception_only(error)).strip().splitlines()
    message = told[-1] if isinstance(error, SyntaxError) else told[0]  # a SyntaxError shows the line of the file first
    return message, lines[-1] if lines else 0


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], float(sys.argv[5]))
