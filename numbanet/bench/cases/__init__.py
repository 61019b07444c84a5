"""The arguments with which every kernel is timed, at sizes that users of small networks meet: a file an operation.

    SIZES = ({"N": 128, "I": 784, "O": 512},)  # the axes; the first size is the main one

    def cases(N, I, O):
        yield call("forward", array(N, I), array(I, O), array(O), out(N, O), flops=2 * N * I * O)

The parameters of `cases` are what `--shape` can set: axes of the operation's contract.

FLOPs are what the reference's loops ask for, by this convention: two for a multiply-add; one for any other addition,
subtraction, multiplication or division of floats, for a comparison that tells which of two is larger (so for max and
min), for sqrt, exp, log, tanh and their like; x^k is k - 1 multiplications. Free are the sign of a number (abs, -x),
whether two are equal (masks, labels, NaN), whole numbers and so the words of Philox, and what depends on nothing but
scalar arguments. What the textbook computes again from the same numbers, such as exp(x - m) of a softmax, counts once.
Products with the zeros around an image count, as is usual. Where a branch depends on data, its share of it counts.

Bytes: every element that is read, once, and every element that is written, once. A call says `moved`, in elements,
where a kernel leaves parts of its arrays alone. tests/bench/test_cases.py counts both in the running loops.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any, NoReturn

from ... import kernels
from ...checks import choice
from ...errors import ArgumentError
from ..case import Case

OPERATIONS = sorted(m.name for m in pkgutil.iter_modules(kernels.__path__) if m.ispkg)


def of(operation: str, shape: str | None = None) -> Iterator[tuple[str, Case]]:
    """The calls of an operation, each with its size, such as "N=128 I=784 O=512". Raises ArgumentError.

    shape: "128x784x512", the axes in their order, or "N=128,I=784"; other axes are of the main size. Without it,
    all sizes. Arrays are drawn when their turn comes, and live as long as the iterator does.
    """
    choice("bench", "the operation", operation, OPERATIONS)
    module = importlib.import_module(f"{__name__}.{operation}")
    axes = inspect.signature(module.cases).parameters
    main: dict[str, int] = {n: p.default for n, p in axes.items() if p.default is not p.empty} | module.SIZES[0]
    sizes = module.SIZES if shape is None else [main | _given(operation, list(axes), main, shape)]
    return _calls(operation, module, sizes)


def _calls(operation: str, module: Any, sizes: Any) -> Iterator[tuple[str, Case]]:
    axes = inspect.signature(module.cases).parameters
    for size in sizes:
        # an axis that has a default is told where it is another
        shown = [f"{name}={size[name]}" for name, p in axes.items() if size.get(name, p.default) != p.default]
        text = " ".join(shown) or "one"
        for it in module.cases(**size):
            yield text, Case(operation, it.function, it.arguments, text, it.flops, it.moved)


def _given(operation: str, axes: list[str], main: dict[str, int], shape: str) -> dict[str, int]:
    """The axes that a shape names."""

    def fail(problem: str) -> NoReturn:
        example, first = "x".join(str(main[axis]) for axis in axes), f"{axes[0]}={main[axes[0]]}"
        raise ArgumentError(
            f'bench {operation}: {problem} in the shape "{shape}". Its axes are {", ".join(axes)}: give "{example}", '
            f'fewer of them, or names such as "{first}".'
        )

    if not axes:
        raise ArgumentError(f'bench {operation}: it has no axes, and so takes no shape. Received: "{shape}"')
    found: dict[str, int] = {}
    named = "=" in shape
    parts = shape.split("," if named else "x")
    if not named and len(parts) > len(axes):
        fail(f"{len(parts)} numbers")
    for position, part in enumerate(parts):
        name, _, value = part.rpartition("=") if named else (axes[position], "", part)
        axis, number = name.strip(), value.strip()
        if not axis:
            fail(f'"{number}" without an axis')
        if axis not in axes:
            fail(f'no axis "{axis}"')
        if not number.isdecimal() or int(number) < 1:
            fail(f'"{number}" is no positive integer')
        found[axis] = int(number)
    return found
