"""explain: the equations of a layer or operation, the very loop that computes them, and numbers carried through it."""

from __future__ import annotations

import inspect
import operator
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ... import kernels
from ...checks import choice, fail
from ...errors import ArgumentError
from ...kernels import Kernel
from ...kernels._plain import textbook
from ...layers.base import Layer
from ...losses import Loss
from ...metrics import Metric
from ...optimizers import Optimizer
from ..tracing.traces import LayerTrace, Step
from ..tracing.written import written
from .contract import Contract, contract, operations, reference_kernels
from .given import arguments
from .owners import Use, classes, example, known_uses, uses
from .worked import Worked, follow, rehearse

Element = str | Mapping[str, Sequence[int]] | None
EXPECTED = 'an array and an index, such as "dw[2, 1]" or {"dw": (2, 1)}'


@dataclass(frozen=True)
class Run:
    """A call of a loop. purpose: what it was for, where the loop is called more than once; else ""."""

    purpose: str
    worked: tuple[Worked, ...]


@dataclass(frozen=True)
class Loop:
    """A loop, and the calls of it that differ in what they are for."""

    kernel: Kernel
    runs: tuple[Run, ...] = ()

    @property
    def worked(self) -> tuple[Worked, ...]:
        """An element of each array that it writes, call by call."""
        return tuple(each for run in self.runs for each in run.worked)

    @property
    def name(self) -> str:
        return self.kernel.__name__

    @property
    def source(self) -> str:
        """The text of the function that runs."""
        return inspect.getsource(self.kernel.function)

    @property
    def line(self) -> int:
        """Where it begins in its file."""
        return inspect.getsourcelines(self.kernel.function)[1]

    @property
    def file(self) -> str:
        """Its file, from the package on."""
        path = Path(inspect.getsourcefile(self.kernel.function) or "")
        root = Path(kernels.__file__).parents[2]
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name

    @property
    def labels(self) -> tuple[str, ...]:
        """The equations that its comments cite."""
        return tuple(dict.fromkeys(re.findall(r"\b[FBU]\d+\b", self.source)))


@dataclass(frozen=True)
class Part:
    """An operation: its contract, or None where it is your own, and its loops."""

    operation: str
    contract: Contract | None
    loops: tuple[Loop, ...]


@dataclass(frozen=True, repr=False)
class Explanation:
    """What `explain` found: print it, show it in a notebook, or write it as a page."""

    title: str
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        if not self.parts:
            return f"{self.title}\n\nNo loop runs: the output is the input's memory, in another shape."
        return "\n\n".join([self.title, *(_text(part) for part in self.parts)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from .html_page import fragment

        return fragment(self)

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write a page that needs no network. Raises FileError."""
        from .html_page import write

        write(self, path)


def explain(what: Any, data: Any = None, element: Element = None) -> Explanation:
    """The equations, derivation and running loops of a layer or operation, and one element of each result worked out.

    what: a layer, loss, optimizer or metric, its class, or its name; the layer of a trace, `trace["dense"]`, whose
    numbers are then the model's own; an operation, "dense" or numbanet.kernels.dense; or a kernel, your own too.
    data: what to work with instead of small made-up numbers: x (N, ...) for a layer, (y_pred, y_true) for a loss or
    metric, (gradient, weights) for an optimizer, a dict of a loop's arguments for an operation or kernel.
    element: which to work out, such as "dw[2, 1]" or {"dw": (2, 1)}; else one in the middle.

    The loops run as plain Python, in float64: meant for small data. Raises ArgumentError, ShapeError for data that does
    not fit, and DataError for labels and indices out of range.
    """
    wanted = _elements(element)
    found = classes()
    if isinstance(what, str) and what not in operations():
        choice("explain", "what", what, [*operations(), *found])
        what = found[what]
    if isinstance(what, type) and what in found.values():
        what = example(what)
    if isinstance(what, LayerTrace):
        if data is not None:
            raise ArgumentError("explain: a trace has its own data. Leave data out, or explain the layer itself.")
        calls = [Use(textbook(step.kernel), step.arguments, _purpose(what, step)) for step in what.steps]
        return _explanation(f"{what.name}: {what.layer!r}", calls, wanted)
    if isinstance(what, Layer | Loss | Metric | Optimizer):
        return _explanation(repr(what), uses(what, data), wanted)
    if isinstance(what, Kernel):
        return _of_kernels(what.__name__, [textbook(what)], data, wanted)
    if isinstance(what, ModuleType):
        what = what.__name__.removeprefix(f"{kernels.__name__}.").partition(".")[0]
    if not isinstance(what, str):
        fail("explain", "what", "a layer, loss, optimizer, metric, trace of a layer, operation or kernel", what)
    loops = reference_kernels(what, "explain")
    return _of_kernels(what, list(loops.values()), data, wanted)


def _elements(element: Element) -> dict[str, tuple[int, ...]]:
    """Which element of which array is wanted."""
    if element is None:
        return {}
    if isinstance(element, str):
        match = re.fullmatch(r"\s*(\w+)\s*\[\s*(-?\d+(?:\s*,\s*-?\d+)*)\s*,?\s*\]\s*", element)
        if not match:
            fail("explain", "element", EXPECTED, element)
        return {match[1]: tuple(int(i) for i in match[2].split(","))}
    if not isinstance(element, Mapping):
        fail("explain", "element", EXPECTED, element)
    try:
        return {array: tuple(operator.index(i) for i in index) for array, index in element.items()}
    except TypeError:
        fail("explain", "element", EXPECTED, element)


def _purpose(trace: LayerTrace, step: Step) -> str:
    """The parameter whose gradient a step wrote, or the layer that it is of."""
    inside = [trace]
    while inside:
        each = inside.pop()
        inside += each.layers
        for name, value in each.values.items():
            parts = [(name, value), *((f"{name}[{k}]", part) for k, part in enumerate(value))] if value.ndim else []
            for title, part in parts if name[1:] in each.values and name[:1] == "d" and step.layer == each.name else ():
                if any(a.shape == part.shape and np.array_equal(a, part) for a in step.written.values()):
                    return f"{title.removeprefix('d')} of {each.name}"
    return step.layer


def _of_kernels(title: str, loops: list[Kernel], data: Any, wanted: dict[str, tuple[int, ...]]) -> Explanation:
    """Of loops with arguments that are given, or those of somebody who calls them."""
    if data is not None:
        fitting = [loop for loop in loops if isinstance(data, Mapping) and set(loop.parameters) == set(data)]
        if not fitting:
            wants = "; ".join(f"{loop.__name__}({', '.join(loop.parameters)})" for loop in loops)
            received = list(data) if isinstance(data, Mapping) else type(data).__name__
            raise ArgumentError(
                f"explain: data must be a dict of the arguments of one of {wants}. Received: {received}"
            )
        return _explanation(title, [Use(fitting[0], arguments(fitting[0], data))], wanted)
    known = known_uses()
    calls = [Use(loop, _known(known, loop)) for loop in loops]
    return _explanation(title, calls, wanted)


def _known(known: Mapping[str, Mapping[str, tuple[str, Use]]], loop: Kernel) -> dict[str, Any]:
    """Arguments of a loop that somebody is known to call, or none."""
    found = known.get(Use(loop, {}).operation, {}).get(loop.__name__)
    return found[1].arguments if found and found[1].kernel is loop else {}


def _explanation(title: str, calls: Iterable[Use], wanted: dict[str, tuple[int, ...]]) -> Explanation:
    by_operation: dict[str, dict[str, list[Use]]] = {}
    for use in calls:
        same = by_operation.setdefault(use.operation, {}).setdefault(use.kernel.__name__, [])
        if all(use.purpose != other.purpose or _settings(use) != _settings(other) for other in same):
            same.append(use)
    _check_wanted([use for found in by_operation.values() for same in found.values() for use in same], wanted)
    parts = [
        Part(operation, _contract(found), tuple(_loop(same, wanted) for same in found.values()))
        for operation, found in by_operation.items()
    ]
    # what a layer is about has more equations than what only prepares or adds up
    parts.sort(key=lambda part: -len(part.contract.equations) if part.contract else -100)
    return Explanation(title, tuple(parts))


def _settings(use: Use) -> dict[str, Any]:
    """The arguments that are no arrays: two calls for one gradient may each do some of its columns."""
    return {name: value for name, value in use.arguments.items() if isinstance(value, tuple)}


def _check_wanted(calls: Sequence[Use], wanted: Mapping[str, tuple[int, ...]]) -> None:
    arrays = {name for use in calls for name in written(use.kernel)}
    for array, index in wanted.items():
        choice("explain", "element", array, arrays)
        shapes = {np.shape(u.arguments[array]) for u in calls if array in written(u.kernel) and u.arguments}
        if not any(_lies(index, shape) for shape in shapes):
            text = " or ".join(map(str, sorted(shapes))) or "unknown without data"
            raise ArgumentError(f"explain: element must lie in {array}, of shape {text}. Received: {index}")


def _lies(index: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return len(index) == len(shape) and all(-n <= i < n for i, n in zip(index, shape, strict=True))


def _contract(found: Mapping[str, list[Use]]) -> Contract | None:
    module = next(iter(found.values()))[0].kernel.function.__module__.split(".")
    known = module[:2] == kernels.__name__.split(".") and module[2] in operations()
    return contract(module[2]) if known else None


def _loop(same: Sequence[Use], wanted: Mapping[str, tuple[int, ...]]) -> Loop:
    """A loop with its calls: what each is for need not be said of one."""
    runs = []
    for use in same:
        alike = sum(other.purpose == use.purpose for other in same) > 1
        settings = [f"{name}={value}" for name, value in _settings(use).items()] if alike else []
        purpose = ", ".join([use.purpose, *settings]) if len(same) > 1 else ""
        runs += [Run(purpose, _worked(use, wanted))] if use.arguments else []
    return Loop(same[0].kernel, tuple(runs))


def _worked(use: Use, wanted: Mapping[str, tuple[int, ...]]) -> tuple[Worked, ...]:
    """An element of each array; where one was made of elements that the loop wrote before, of these."""
    chosen = {a: i for a, i in wanted.items() if a in use.arguments and _lies(i, np.shape(use.arguments[a]))}
    found: dict[str, Worked] = {}
    run = rehearse(use.kernel, use.arguments)
    places_of = run.written()
    for array, places in reversed(places_of.items()):  # results come last
        index = chosen.get(array, places[len(places) // 2])
        found[array] = follow(use.kernel, use.arguments, array, index, run)
        for other, read in found[array].reads:
            chosen.setdefault(other, read)
    return tuple(found[array] for array in places_of)


def _text(part: Part) -> str:
    """An operation for a terminal."""
    head = f"numbanet.kernels.{part.operation}" if part.contract else part.operation
    lines = [head, "=" * len(head)]
    if part.contract:
        lines += [part.contract.text]
    for loop in part.loops:
        title = f"{loop.name}: {loop.file}, line {loop.line}"
        lines += ["", title, "-" * len(title)]
        source = loop.source.rstrip().split("\n")
        lines += [f"{loop.line + k:5d}  {text}".rstrip() for k, text in enumerate(source)]
        for run in loop.runs:
            lines += ["", f"       for {run.purpose}:"] if run.purpose else []
            for each in run.worked:
                lines += ["", *(f"       {line}" for line in str(each).split("\n"))]
    return "\n".join(lines)
