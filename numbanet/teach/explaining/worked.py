"""One element of a result worked out by hand: its number carried through the reference loop itself.

The loop runs as plain Python on numbers that remember how they were made (symbols.py), in float64, and the element's
history is read out of the array that it wrote. So the expression is what the running loop does, and cannot drift from
it. The loop and its helpers run on names of their own: nobody else's `math` is replaced, so threads may do this at the
same time.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from ...checks import choice, fail
from ...errors import ArgumentError
from ...kernels import Kernel
from .contract import reference_kernels
from .symbols import Journal, Number, Whole, Writer, chosen, figure, longest, made, named, plain

MOST_COMPARISONS = 6
SPOKEN = {"==": "=", "!=": "is not", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True)
class Worked:
    """One element worked out.

    expression: with names, such as "x[0, 2] dy[0, 1] + x[1, 2] dy[1, 1]"; numbers: the same with their values.
    Where a result is not made of other numbers, as a flag or the place of a maximum, both are the result itself.
    terms: of the longest sum in it. choices: the maxima and the comparisons that the loop took its way by.
    reads: the elements in the expression that the same loop wrote before, as (array, index): worked out themselves,
    they show where their values came from.
    """

    operation: str
    function: str
    array: str
    index: tuple[int, ...]
    value: float
    expression: str
    numbers: str
    terms: int
    choices: tuple[str, ...] = ()
    reads: tuple[tuple[str, tuple[int, ...]], ...] = ()

    @property
    def name(self) -> str:
        """dw[2, 1]"""
        return label(self.array, self.index)

    def __str__(self) -> str:
        indent = " " * len(self.name)
        steps = list(dict.fromkeys([self.expression, self.numbers, figure(self.value, 10)]))
        lines = [f"{indent} = {step}" for step in steps]
        lines[0] = f"{self.name} = {steps[0]}"
        return "\n".join([*lines, *(f"{indent}   {choice}" for choice in self.choices)])


def worked(
    operation: str | ModuleType,
    function: str,
    arguments: Mapping[str, Any] | Sequence[Any],
    array: str,
    index: Sequence[int],
) -> Worked:
    """How the loop `function` of an operation comes to one element of what it writes.

    operation: "dense", or numbanet.kernels.dense. arguments: those of the kernel, by name or in order, as they are
    before the call; they are not changed. array, index: the element, such as "dw" and (2, 1).

    The loop runs as plain Python, twice, until the element is done, at some microseconds for each number: meant for
    small batches. Raises ArgumentError for an operation, function, array or index that is not there.
    """
    name = operation.__name__.rpartition(".")[2] if isinstance(operation, ModuleType) else operation
    loops = reference_kernels(name, "worked")
    kernel = loops[choice("worked", "function", function, loops)]
    given = _by_name(f"worked({name}.{function})", kernel, arguments)
    return follow(kernel, given, array, index)


def follow(
    kernel: Kernel, arguments: Mapping[str, Any], array: str, index: Sequence[int], before: Rehearsal | None = None
) -> Worked:
    """As `worked`, for a loop that is at hand: one of the package, or of your own. before: what `rehearse` returned."""
    operation, _, function = ["", "", *kernel.name.split(".")][-3:]
    owner = f"worked({operation}.{function})"
    arrays = {name: np.asarray(v) for name, v in arguments.items() if isinstance(v, np.ndarray)}
    choice(owner, "array", array, arrays)
    place = _index(owner, array, arrays[array].shape, index)
    run = Rehearsal(kernel, arguments, before or rehearse(kernel, arguments), (array, place))
    value = run.read(run.elements[array], run.target_place)  # which has a name where it is not written
    symbols, numbers = Writer(), Writer(numbers=True)
    expression, written = symbols.write(value), numbers.write(value)
    choices = (*symbols.notes, *_spoken(run.comparisons))
    reads = tuple(run.named[name] for name in symbols.used if name in run.named)
    return Worked(operation, function, array, place, plain(value), expression, written, longest(value), choices, reads)


def run_plainly(kernel: Kernel, arguments: Mapping[str, Any]) -> None:
    """Run a loop as plain Python on these very arrays, which must be C-contiguous: nothing is compiled."""
    run = rehearse(kernel, arguments)
    for name, elements in run.elements.items():
        flat = arguments[name].reshape(-1)
        for place in elements.writes:
            flat[place] = elements.values[place]


def rehearse(kernel: Kernel, arguments: Mapping[str, Any]) -> Rehearsal:
    """Run a loop to know what it writes."""
    return Rehearsal(kernel, arguments, None)


def label(array: str, index: Sequence[int]) -> str:
    """dw[2, 1]"""
    return f"{array}[{', '.join(map(str, index))}]"


def _spoken(comparisons: Sequence[tuple[str, Any, Any, bool, int]]) -> list[str]:
    """Comparisons, as "x[2] <= 0: no (0.31)"."""
    lines: dict[str, None] = {}
    for sign, left, right, outcome, _ in comparisons:
        sides = [Writer().write(left), SPOKEN[sign], Writer().write(right)]
        values = " and ".join(figure(side) for side in (left, right) if isinstance(side, Number | Whole))
        lines[f"{' '.join(sides)}: {'yes' if outcome else 'no'} ({values})"] = None
    found = list(lines)
    if len(found) > MOST_COMPARISONS:
        found[3:-2] = [f"... {len(found) - 5:,} more comparisons ..."]
    return found


def _by_name(owner: str, kernel: Kernel, arguments: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any]:
    if not isinstance(arguments, Mapping):
        if len(arguments) != len(kernel.parameters):
            fail(owner, "arguments", f"{len(kernel.parameters)}, {kernel.parameters}", len(arguments))
        return dict(zip(kernel.parameters, arguments, strict=True))
    if set(arguments) != set(kernel.parameters):
        fail(owner, "arguments", f"by the names {', '.join(kernel.parameters)}", ", ".join(arguments))
    return {name: arguments[name] for name in kernel.parameters}


def _index(owner: str, array: str, shape: tuple[int, ...], index: Sequence[int]) -> tuple[int, ...]:
    """Counted from the beginning."""
    if len(index) != len(shape) or not all(-n <= i < n for i, n in zip(index, shape, strict=True)):
        raise ArgumentError(f"{owner}: index must lie in {array}, of shape {shape}. Received: index={tuple(index)}")
    return tuple(int(i) % n for i, n in zip(index, shape, strict=True))


class _Elements:
    """An array of a running loop, one number at a time."""

    def __init__(self, name: str, values: Any, run: Rehearsal) -> None:
        self.name, self.run, self.shape = name, run, values.shape
        self.size, self.ndim, self.dtype = values.size, values.ndim, values.dtype
        self.values: list[Any] = values.reshape(-1).tolist()
        self.writes: dict[int, int] = {}
        self.old: set[int] = set()  # elements that were read before they were written
        self.strides = [math.prod(self.shape[axis + 1 :]) for axis in range(self.ndim)]

    def place(self, index: Any) -> int:
        """Where an element lies; a loop that is right stays inside, and negative indices count from the end."""
        total = 0
        for i, n, stride in zip(index if isinstance(index, tuple) else (index,), self.shape, self.strides, strict=True):
            bare = int(i)  # whose comparison is none of the loop's
            if not -n <= bare < n:
                raise IndexError(f"{self.name} has the shape {self.shape}, and no element [{bare}] on an axis of {n}")
            total += (bare + n if bare < 0 else bare) * stride
        return total

    def label(self, place: int) -> str:
        return label(self.name, self.index(place))

    def index(self, place: int) -> tuple[int, ...]:
        return tuple(int(i) for i in np.unravel_index(place, self.shape))

    def __getitem__(self, index: Any) -> Any:
        return self.run.read(self, self.place(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        self.run.write(self, self.place(index), value)


class _Flat:
    """The elements of an array in one dimension."""

    def __init__(self, elements: _Elements) -> None:
        self.elements, self.shape, self.size, self.ndim = elements, (elements.size,), elements.size, 1
        self.dtype = elements.dtype

    def __getitem__(self, place: int) -> Any:
        return self.elements.run.read(self.elements, int(place))

    def __setitem__(self, place: int, value: Any) -> None:
        self.elements.run.write(self.elements, int(place), value)


class _Done(Exception):
    """The element has its last value."""


class Rehearsal:
    """A loop that runs: on plain numbers, or after that on numbers that remember, until an element is done.

    before: the same run with plain numbers, which knows how often each element is written. An element has a name where
    it is read with the value that the array holds in the end; elsewhere, as in a sum that grows in the array, what is
    read is the expression itself.
    """

    def __init__(
        self,
        kernel: Kernel,
        arguments: Mapping[str, Any],
        before: Rehearsal | None,
        element: tuple[str, tuple[int, ...]] | None = None,
    ) -> None:
        self.before, self.journal = before, Journal(kernel.function.__code__)
        self.comparisons: list[tuple[str, Any, Any, bool, int]] = []
        self.named: dict[str, tuple[str, tuple[int, ...]]] = {}
        self.elements: dict[str, _Elements] = {}
        same: dict[int, _Elements] = {}
        values = []
        for name, value in arguments.items():
            if isinstance(value, np.ndarray):
                changed = not before or before.elements[name].writes
                elements = _Elements(name, value, self)
                self.elements[name] = same.setdefault(id(value), elements) if changed else elements
                values.append(self.elements[name])
            elif before and isinstance(value, int | float | np.number) and not isinstance(value, bool):
                values.append(named(self.journal, value, name))
            else:
                values.append(value)
        self.target = self.elements[element[0]] if element else None
        self.target_place = self.target.place(element[1]) if self.target and element else -1
        with suppress(_Done):
            _on_own_names(kernel.function, self.journal, {})(*values)

    def written(self) -> dict[str, list[tuple[int, ...]]]:
        """The elements that were written, by array, in the arrays' order."""
        arrays = {name: elements for name, elements in self.elements.items() if elements.writes}
        return {name: [e.index(place) for place in sorted(e.writes)] for name, e in arrays.items()}

    def read(self, elements: _Elements, place: int) -> Any:
        value = elements.values[place]
        if not self.before:
            if place not in elements.writes:
                elements.old.add(place)
            return value
        if place in elements.writes or isinstance(value, Number | Whole):
            return value
        value = elements.values[place] = named(self.journal, value, elements.label(place))
        return value

    def write(self, elements: _Elements, place: int, value: Any) -> None:
        count = elements.writes[place] = elements.writes.get(place, 0) + 1
        if not self.before:
            elements.values[place] = plain(value)
            return
        known = self.before.elements[elements.name]
        if elements is self.target and place == self.target_place:
            self.comparisons = self.journal.until(sys._getframe(2).f_lineno)
            if count == known.writes[place]:
                elements.values[place] = value
                raise _Done
        elif count == known.writes[place]:
            text = elements.label(place)
            text = f"new {text}" if place in known.old else text
            self.named[text] = (elements.name, elements.index(place))
            value = named(self.journal, float(value) if elements.dtype.kind == "f" else int(value), text)
        self.journal.written()
        elements.values[place] = value


def _on_own_names(function: Any, journal: Journal, known: dict[int, Any]) -> Any:
    """A copy of a function with the same code, for which `math`, `max` and the helpers of loops remember."""
    function = getattr(function, "py_func", function)
    if id(function) in known:
        return known[id(function)]
    names: dict[str, Any] = {}
    copy = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    known[id(function)] = copy
    own = _substitutes(journal)
    for name, value in function.__globals__.items():
        plain_function = getattr(value, "py_func", value)
        if name in own and name not in ("max", "min"):
            names[name] = own[name]
        elif isinstance(plain_function, FunctionType) and name in function.__code__.co_names:
            names[name] = _on_own_names(plain_function, journal, known)
        else:
            names[name] = value
    names.update({name: own[name] for name in ("max", "min") if name not in function.__globals__})
    return copy


def _substitutes(journal: Journal) -> dict[str, Any]:
    """What stands in a loop for the names that would forget."""

    def same(value: Any) -> Any:
        return value

    def word(seed: int, stream: int, step: int, b: int) -> list[Any]:
        from ...kernels._philox import block

        words = getattr(block, "py_func", block)(*map(int, (seed, stream, step, b)))
        return [Number(float(value), journal, "", (f"w[{4 * b + k}]",)) for k, value in enumerate(words)]

    return {
        "math": _Remembered(journal),
        "np": SimpleNamespace(float64=same, int64=same),
        "like": lambda value, x: value,
        "flat": _Flat,
        "block": word,
        "max": lambda *parts: chosen(journal, "max", parts, max),
        "min": lambda *parts: chosen(journal, "min", parts, min),
    }


class _Remembered:
    """The module math, whose functions remember what they were taken of."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        found = getattr(math, name)
        return self._remembering(name, found) if callable(found) else found

    def _remembering(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*parts: Any) -> Any:
            if name == "isfinite" or not any(isinstance(part, Number) for part in parts):
                return function(*map(plain, parts))
            return made(self._journal, name, parts, function)

        return call
