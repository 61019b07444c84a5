"""The files that a learner gets: a starter with the loops taken out, or an exhibit with a bug in it."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import textwrap
from pathlib import Path
from typing import Any

from ... import kernels
from ...checks import boolean, fail
from ...errors import ArgumentError, FileError
from .catalogue import EXERCISES, sheet
from .exhibits import EXHIBITS
from .sheet import IMPORTS, Piece, Sheet, edited

MARK = "# numbanet exercise: "


def exercise(name: str, path: str | Path | None = None, overwrite: bool = False) -> Path:
    """Write the starter file of an exercise: the equations, the shapes, the forward loops, and a place for yours.

    name: one of exercises(). path: where to, "<name>.py" in the current folder by default. An existing file is kept,
    and ArgumentError raised, unless overwrite is True. Returns the path. Then: nn.teach.grade(path). Raises FileError
    where the file cannot be written.
    """
    it = sheet("exercise", name, EXERCISES)
    return _write("exercise", starter(it), f"{name}.py" if path is None else path, overwrite)


def exhibit(name: str, path: str | Path | None = None, overwrite: bool = False) -> Path:
    """Write a program of the bug museum: it runs, and one of its gradients is wrong. Find the bug, and mend it.

    name: one of museum(). path, overwrite, result: as in exercise. nn.teach.grade(path) says whether it is mended.
    """
    it = sheet("exhibit", name, EXHIBITS)
    return _write("exhibit", program(it), f"{name}.py" if path is None else path, overwrite)


def _write(owner: str, text: str, path: Any, overwrite: bool) -> Path:
    target = located(owner, path)
    if not boolean(owner, "overwrite", overwrite) and target.exists():
        raise ArgumentError(
            f"{owner}: {target} exists, and may hold your work. Give another path, or overwrite=True to begin anew."
        )
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileError(f"{owner}: {target} cannot be written: {error.strerror}. Give another path.") from error
    return target


def located(owner: str, path: Any) -> Path:
    """The path of a file, as text or as a Path."""
    if not isinstance(path, str | os.PathLike):
        fail(owner, "path", "the path of a file, as text or as a Path", path)
    return Path(path)


def starter(it: Sheet) -> str:
    """The text of an exercise without its solution."""
    tasks = "\n".join(f"    {piece.called}: {_task(it, piece)}" for piece in it.asked)
    head = (
        f"{it.line[0].upper()}{it.line[1:]}.\n\nWrite the loops of\n{tasks}\n"
        "Each overwrites its last arguments and returns nothing. Other arguments are only read.\n"
    )
    parts = [piece.text() for piece in it.given] + [_hole(it, piece) for piece in it.asked]
    return _file(it, head, [it.note], parts, "")


def program(it: Sheet) -> str:
    """The text of an exhibit, with its bug."""
    if it.bug is None:
        raise LookupError(f"{it.name} has no bug")
    source = edited(it.solution(), it.bug.edits).removeprefix(IMPORTS).strip("\n")
    return _file(it, it.story, ["Find the bug in the loops, and mend it.", it.note], [source], it.program)


def _file(it: Sheet, head: str, notes: list[str], parts: list[str], main: str) -> str:
    contracts = []
    for operation in it.operations:
        contract = inspect.getdoc(importlib.import_module(f"{kernels.__name__}.{operation}")) or ""
        contracts.append(f"---- the contract of numbanet.kernels.{operation}\n{contract}")
    text = "\n\n".join([head.strip(), *(textwrap.fill(note, 118) for note in notes if note), *contracts])
    text = text.replace("\\", "\\\\")
    blocks = [IMPORTS.strip(), *(part.strip("\n") for part in parts), *filter(None, [main.strip("\n")])]
    return f'{MARK}{it.name}\n"""{text}\n"""\n\n' + "\n\n\n".join(blocks) + "\n"


def _task(it: Sheet, piece: Piece) -> str:
    labels = ", ".join(it.labels(piece))
    home = "" if piece.operation == it.asked[0].operation else f" of {piece.operation}"
    return f"{labels}{home}, written into {', '.join(piece.written)}"


def _hole(it: Sheet, piece: Piece) -> str:
    """The head of a loop and the lines before it, which name the sizes; the learner's loops go below."""
    before = re.split(r"^    (?:for\b|#|total\b|\w+\[).*", piece.text(), maxsplit=1, flags=re.MULTILINE)[0]
    return f"{before}    ...  # your loops: {_task(it, piece)}\n"
