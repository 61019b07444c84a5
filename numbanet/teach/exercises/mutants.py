"""Wrong loops, made from the right ones: what a learner's result is compared with.

The mistakes of the sheet come first, as somebody has described them. Then come small changes of the loop's own syntax
tree: a loop that ends too early, a sum whose last term alone is left, a factor or a term left out, a sign turned.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

from .running import begun
from .sheet import IMPORTS, LABEL, Arguments, Sheet, called, edited, made

Outcome = tuple[str, tuple[Arguments | None, ...]]  # what to tell, and the arguments after the call at each size
SIGNS = {ast.Add: ast.Sub(), ast.Sub: ast.Add()}


@cache
def described(sheet: Sheet, function: str) -> tuple[Outcome, ...]:
    """The mistakes of a sheet."""
    known = (*((sheet.bug,) if sheet.bug else ()), *sheet.mistakes)
    return tuple((it.hint, _results(sheet, function, edited(sheet.solution(), it.edits))) for it in known)


@cache
def grown(sheet: Sheet, function: str) -> tuple[Outcome, ...]:
    """Small changes of the loop."""
    text = sheet.piece(function).text()
    rest = IMPORTS + "\n\n".join(p.text() for p in (*sheet.given, *sheet.asked) if p.called != function)
    return tuple((hint, _results(sheet, function, f"{rest}\n\n{source}")) for hint, source in _changes(text))


def _results(sheet: Sheet, function: str, text: str) -> tuple[Arguments | None, ...]:
    """What a wrong loop writes at each size; None where it raises."""
    loop = made(text.replace("math.", "np."))[function]  # NumPy's root of a negative number is NaN, and no error
    results: list[Arguments | None] = []
    for number in range(len(sheet.sizes)):
        try:
            results.append(called(loop, begun(sheet, function, number, 0), {}))
        except (ArithmeticError, IndexError, TypeError, ValueError, NameError):
            results.append(None)
    return tuple(results)


def _changes(text: str) -> Iterator[tuple[str, str]]:
    tree = ast.parse(text)
    cited = [(n, LABEL.findall(line)) for n, line in enumerate(text.splitlines(), 1) if line.strip().startswith("#")]
    indices = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Subscript) for part in ast.walk(node.slice)}
    for place, node in enumerate(ast.walk(tree)):
        where = next((labels[0] for n, labels in reversed(cited) if labels and n < getattr(node, "lineno", 0)), "")
        for hint, change in () if id(node) in indices else _changes_of(node):
            other = copy.deepcopy(tree)
            change(list(ast.walk(other))[place])
            yield hint + (f" ({where})" if where else ""), ast.unparse(other)


def _changes_of(node: Any) -> Iterator[tuple[str, Any]]:
    """What may go wrong at a place of the syntax tree, and how to make it so there."""
    if isinstance(node, ast.For) and isinstance(node.iter, ast.Call) and len(node.iter.args) == 1:
        size = ast.unparse(node.iter.args[0])
        name = ast.unparse(node.target)
        for hint, arguments in (
            (f"the last {name} is left out: its loop ends too early", f"{size} - 1"),
            (f"the first {name} is left out: its loop begins at 1", f"1, {size}"),
            (f"only the last {name} counts", f"{size} - 1, {size}"),
            (f"only the first {name} counts", "min(1, " + size + ")"),
        ):
            yield hint, _set_iter(f"range({arguments})")
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        for axis, index in enumerate(node.slice.elts):
            if isinstance(index, ast.BinOp) and isinstance(index.right, ast.Constant):
                shorter = copy.deepcopy(node)
                _shorten(axis)(shorter)
                yield f"{ast.unparse(shorter)} stands where {ast.unparse(node)} belongs", _shorten(axis)
    elif isinstance(node, ast.AugAssign):
        target = ast.unparse(node.target)
        yield f"{target} does not add up: only the last term of the sum is left (= where += belongs)", _plain
        yield f"the sign is turned where {target} adds up", _subtract
    elif isinstance(node, ast.BinOp) and type(node.op) in SIGNS:
        right = ast.unparse(node.right)
        yield f"the sign of {right} is turned", _turn
        yield f"the term {right} is left out", _keep("left")
        yield f"of a sum only the term {right} is left", _keep("right")
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        left, right = ast.unparse(node.left), ast.unparse(node.right)
        yield (
            f"{'the factor' if isinstance(node.op, ast.Mult) else 'the division by'} {right} is left out",
            _keep("left"),
        )
        if isinstance(node.op, ast.Mult):
            yield f"the factor {left} is left out", _keep("right")


def _become(node: Any, other: Any) -> None:
    node.__class__ = other.__class__
    node.__dict__ = other.__dict__


def _set_iter(text: str) -> Any:
    return lambda node: setattr(node, "iter", ast.parse(text, mode="eval").body)


def _shorten(axis: int) -> Any:
    return lambda node: node.slice.elts.__setitem__(axis, node.slice.elts[axis].left)


def _plain(node: Any) -> None:
    _become(node, ast.Assign(targets=[node.target], value=node.value, lineno=node.lineno))


def _subtract(node: Any) -> None:
    node.op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()


def _turn(node: Any) -> None:
    node.op = SIGNS[type(node.op)]


def _keep(side: str) -> Any:
    return lambda node: _become(node, getattr(node, side))
