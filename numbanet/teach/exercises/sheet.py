"""What an exercise is made of: reference loops as text, of which some are shown and the others are asked for.

The text is that of the running reference kernels (inspect.getsource), made simpler by edits where a kernel knows more
than an exercise should ask (masks, dilation, groups). An edit that finds nothing to replace is an error, and a test
makes every sheet: the solution cannot drift from the loops. A mistake is one more set of edits.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

Sizes = Mapping[str, int]
Arguments = dict[str, Any]  # by the names of the loops' parameters
Loops = Mapping[str, Any]  # the functions of a text, by name
Edit = tuple[str, str]

IMPORTS = "import math\n\nimport numpy as np\n"
LABEL = re.compile(r"\b[FBU]\d+\b")


@dataclass(frozen=True)
class Piece:
    """A loop of a reference kernel. writes: the parameters that it writes, "dw" or "v w"; name: another one, if any."""

    operation: str
    function: str
    writes: str = ""
    edits: tuple[Edit, ...] = ()
    name: str = ""

    @property
    def called(self) -> str:
        return self.name or self.function

    @property
    def written(self) -> tuple[str, ...]:
        return tuple(self.writes.split())

    def text(self) -> str:
        """The loop as it stands in its file, without the decorator, after the edits."""
        home = "_gates" if self.operation == "_gates" else f"{self.operation}.reference"
        loop = getattr(importlib.import_module(f"numbanet.kernels.{home}"), self.function)
        loop = getattr(loop, "function", getattr(loop, "py_func", loop))
        source = inspect.getsource(loop)
        source = edited(source[source.index("def ") :], self.edits)
        return source.replace(f"def {self.function}(", f"def {self.called}(").rstrip() + "\n"


@dataclass(frozen=True)
class Mistake:
    """A usual mistake: what to tell, and the edits that make it in the solution."""

    hint: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Sheet:
    """An exercise, or an exhibit of the museum.

    line: what it is about, in one line. note: how it is simpler than the contract. arguments(sizes, random, loops):
    what the loops are called with, the right values where one loop needs another's result. updated: the arguments that
    are changed in place, and so hold something before. loss(loops, arguments) is what the gradients are those of, and
    slopes says of which argument each is: {"dx": "x"}; bends: the numbers of the sizes at which the loss has no slope,
    and the reference alone tells what is right. bug, story and program: of an exhibit.
    """

    name: str
    line: str
    given: tuple[Piece, ...]
    asked: tuple[Piece, ...]
    sizes: tuple[Sizes, ...]
    arguments: Callable[[Sizes, np.random.Generator, Loops], Arguments]
    mistakes: tuple[Mistake, ...]
    note: str = ""
    updated: str = ""
    loss: Callable[[Loops, Arguments], float] | None = None
    slopes: Mapping[str, str] = field(default_factory=dict)
    bends: tuple[int, ...] = ()
    bug: Mistake | None = None
    story: str = ""
    program: str = ""

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def operations(self) -> tuple[str, ...]:
        names = [piece.operation for piece in (*self.asked, *self.given) if piece.function[0] != "_"]
        return tuple(dict.fromkeys(names))

    def solution(self) -> str:
        """The whole right program."""
        return IMPORTS + "".join(f"\n\n{piece.text()}" for piece in (*self.given, *self.asked))

    def piece(self, function: str) -> Piece:
        return next(piece for piece in self.asked if piece.called == function)

    def labels(self, piece: Piece) -> list[str]:
        """The equations that a loop computes, as it cites them; one that cites none has but one."""
        cited = LABEL.findall(" ".join(re.findall(r"#.*", piece.text())))
        return list(dict.fromkeys(cited)) or ["B1" if "backward" in piece.function else "F1"]


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with every occurrence of each first string replaced by its second."""
    for old, new in edits:
        if old not in text:
            raise LookupError(f"an exercise edits a loop that has changed: {old!r} is not in\n{text}")
        text = text.replace(old, new)
    return text


def made(text: str) -> Loops:
    """The functions that a text of ours defines, as plain Python."""
    space: dict[str, Any] = {"__name__": "exercise"}
    exec(compile(text, "<reference loops>", "exec"), space)  # noqa: S102 - the text is that of our own files
    return space


def parameters(loop: Any) -> list[str]:
    return list(inspect.signature(loop).parameters)


def called(loop: Any, arguments: Arguments, before: Arguments) -> Arguments:
    """The arguments after a loop ran on copies of them; before: what stands in those that it writes."""
    own = {n: copied(before.get(n, arguments[n])) for n in parameters(loop)}
    with np.errstate(all="ignore"):
        loop(*own.values())
    return own


def copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


@cache
def solved(sheet: Sheet) -> Loops:
    return made(sheet.solution())


@cache
def situations(sheet: Sheet) -> tuple[Arguments, ...]:
    """The arguments at every size of the sheet, the same at every call."""
    return tuple(
        sheet.arguments(sizes, np.random.default_rng(number), solved(sheet)) for number, sizes in enumerate(sheet.sizes)
    )


@cache
def differences(sheet: Sheet, gradient: str, number: int) -> Any:
    """dL/dx for every element of the argument that a gradient belongs to, by central differences."""
    given = situations(sheet)[number]
    arguments = {name: copied(value) for name, value in given.items()}
    values = arguments[sheet.slopes[gradient]]
    flat, slopes, h = values.reshape(-1), np.empty(values.size), 1e-5
    if sheet.loss is None:
        raise LookupError(f"the exercise {sheet.name} has no loss")
    for i in range(flat.size):
        kept, sides = flat[i], []
        for offset in (h, -h):
            flat[i] = kept + offset
            sides.append(sheet.loss(solved(sheet), arguments))
        flat[i] = kept
        slopes[i] = (sides[0] - sides[1]) / (2.0 * h)
    return slopes.reshape(values.shape)
