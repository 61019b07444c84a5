"""From a wrong array to what went wrong: every usual mistake is tried, and told if it gives the same wrong numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .mutants import Outcome, described, grown
from .running import Run
from .sheet import Sheet, called, copied, solved

RELATIVE, ABSOLUTE = 1e-7, 1e-9


def close(found: Any, expected: Any) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(np.allclose(found, expected, RELATIVE, ABSOLUTE, equal_nan=True))


def right(runs: Sequence[Run], array: str) -> bool:
    return all(not run.error and close(run.received[array], run.expected[array]) for run in runs)


def explained(sheet: Sheet, function: str, array: str, runs: Sequence[Run]) -> str:
    """Why an array of a function is wrong. runs: those of the function, three of each size."""
    whole, broken = [run for run in runs if not run.error], [run for run in runs if run.error]
    if not broken:
        return _wrong(sheet, function, array, whole)
    error = _error(broken[0])
    if any(_error(run) != error for run in runs):  # otherwise it is no matter of the size
        error = f"{error}, at {_size(sheet, broken[0])}"
    if not whole:
        return error
    found = next(_fitting(array, runs, described(sheet, function)), "")
    if not found and not right(whole, array):
        found = _wrong(sheet, function, array, whole)
    return f"{found} ({error})" if found else error


def _wrong(sheet: Sheet, function: str, array: str, runs: Sequence[Run]) -> str:
    piece, updated = sheet.piece(function), array in sheet.updated.split()
    left = all(close(run.received[name], run.before[name]) for run in runs for name in piece.written)
    if left or (not updated and all(close(run.received[array], run.before[array]) for run in runs)):
        if runs[0].returned:
            return f"{array} is returned, and not written into the argument"
        return f"not written yet (`{array} = ...` only makes a new name: write {array}[...] = ...)"
    if any(not close(a.received[array], b.received[array]) for a, b in _twins(runs) if a.twice == b.twice):
        return (
            f"{array} varies from call to call with the same arguments: it comes from chance, from np.empty, or from "
            "something kept since the last call"
        )
    depends = not updated and any(not close(a.received[array], b.received[array]) for a, b in _twins(runs))
    if depends:
        added = [replace(run, received=run.received | {array: run.received[array] - run.before[array]}) for run in runs]
        if all(close(a.received[array], b.received[array]) for a, b in _twins(added)):
            text = f"it accumulates: adds to what stood in {array} before, where {array} must be overwritten"
            return text if right(added, array) else f"{text}. And then: {_wrong(sheet, function, array, added)}"
    firsts = [run for k, run in enumerate(runs) if run.number not in {r.number for r in runs[:k]}]
    wrong = [run for run in firsts if not close(run.received[array], run.expected[array])]
    before = f"{array} depends on what stood in it before: begin from 0"
    if not wrong:
        return before
    found = next(_fitting(array, firsts, described(sheet, function)), "") or next(_generic(sheet, array, firsts), "")
    found = found or next(_fitting(array, firsts, grown(sheet, function)), "") or next(_holes(array, wrong), "")
    if not found and all(_nearly(run.received[array], run.expected[array]) for run in firsts):
        return f"{_difference(sheet, array, wrong[0])}: it is only as exact as float32: compute in float64"
    if not found and depends:
        return before
    return found or f"{_difference(sheet, array, wrong[0])}; look first at {sheet.labels(piece)[0]}"


def _twins(runs: Sequence[Run]) -> list[tuple[Run, Run]]:
    """Pairs of runs at the same size."""
    return [(a, b) for a, b in itertools.combinations(runs, 2) if a.number == b.number]


def _nearly(found: Any, expected: Any) -> bool:
    """As near as the rounding errors of float32 leave it."""
    return bool(np.allclose(found, expected, 1e-5, 1e-6 * np.abs(expected).max(initial=0.0)))


def _error(run: Run) -> str:
    return f"line {run.line}: {run.error}" if run.line else run.error


def _size(sheet: Sheet, run: Run) -> str:
    return ", ".join(f"{name} = {size}" for name, size in sheet.sizes[run.number].items())


def _difference(sheet: Sheet, array: str, run: Run) -> str:
    found, expected = run.received[array], run.expected[array]
    with np.errstate(invalid="ignore"):
        bad = ~np.isclose(found, expected, RELATIVE, ABSOLUTE, equal_nan=True)
    at = tuple(int(k) for k in np.argwhere(bad)[0])
    digits = 10 if _nearly(found[at], expected[at]) else 6
    return (
        f"{array}{list(at)} should be {expected[at]:.{digits}g} and is {found[at]:.{digits}g}, at {_size(sheet, run)} "
        f"({int(bad.sum())} of {bad.size} elements are wrong)"
    )


def _fitting(array: str, runs: Sequence[Run], outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Mistakes that give the numbers received, and raise where nothing was, at every size."""
    telling = right([run for run in runs if not run.error], array)
    for hint, results in outcomes:

        def fits(run: Run, results: Any = results) -> bool:
            it = results[run.number]
            if run.error:  # where all else is right, what raises is what tells
                return it is None or not telling
            return it is not None and close(run.received[array], it[array])

        if all(map(fits, runs)):
            yield hint


def _generic(sheet: Sheet, array: str, runs: Sequence[Run]) -> Iterator[str]:
    """What may happen to any array."""
    telling = [run for run in runs if np.size(run.expected[array]) > 1] or runs

    def all_are(change: Any) -> bool:
        made = [(run, change(run)) for run in telling]
        return all(it is not None and close(run.received[array], it) for run, it in made)

    if any(np.isnan(run.received[array]).any() for run in runs):
        yield f"{array} has NaN in it: 0/0, or the logarithm or root of a negative number"
    if any(np.isinf(run.received[array]).any() for run in runs):
        yield f"{array} has infinity in it: a division by 0, or an exponential of a large number"
    square = [run for run in telling if run.expected[array].ndim == 2 and len(set(run.expected[array].shape)) == 1]
    if square and all(close(run.received[array], run.expected[array].T) for run in square):
        yield f"{array} is transposed: its first index and its second are exchanged"
    yield from _factor(sheet, array, telling)
    for axis in range(runs[0].expected[array].ndim):
        if all_are(lambda run, axis=axis: np.flip(run.expected[array], axis)):
            yield f"{array} comes out flipped along its axis {axis}"
    for other, value in runs[0].expected.items():
        same = other != array and np.shape(value) == np.shape(runs[0].expected[array])
        if same and all_are(lambda run, other=other: _shaped(run.expected[other], run.expected[array])):
            yield f"{array} holds the values of {other}"
    if all_are(lambda run: np.zeros_like(run.expected[array])):
        yield f"{array} is 0 everywhere"
    yield from _transposed_inputs(sheet, array, telling)
    if all(np.ptp(run.received[array]) < ABSOLUTE for run in telling) and np.size(telling[0].received[array]) > 1:
        yield f"all elements of {array} are the same: it sums or averages over too much"


def _shaped(value: Any, like: Any) -> Any:
    return value if np.shape(value) == np.shape(like) else None


def _factor(sheet: Sheet, array: str, runs: Sequence[Run]) -> Iterator[str]:
    """A factor that is the same for all elements, and a formula of the sizes."""
    factors = []
    for run in runs:
        expected, found = run.expected[array], run.received[array]
        size = float((expected * expected).sum())
        factor = float((expected * found).sum()) / size if size else 0.0
        if abs(factor) < 1e-6 or not close(found, factor * expected):
            return
        factors.append(factor)
    for number, text in (
        (-1.0, "the sign is turned"),
        (2.0, "it is twice as large as it should be"),
        (0.5, "it is half of what it should be"),
    ):
        if all(abs(factor - number) < 1e-6 for factor in factors):
            yield text
    names = [name for name, size in sheet.sizes[0].items() if name.isupper() and size]
    for name in [*names, *(f"{a} {b}" for a, b in itertools.combinations(names, 2))]:
        products = [float(np.prod([sheet.sizes[run.number][n] for n in name.split()])) for run in runs]
        if all(abs(f / p - 1.0) < 1e-6 for f, p in zip(factors, products, strict=True) if p):
            yield f"{name} times too large: added up over {name} once too often, or a mean over it is forgotten"
        if all(abs(f * p - 1.0) < 1e-6 for f, p in zip(factors, products, strict=True)):
            yield f"{name} times too small: it is divided by {name} once too often"
    if max(factors) - min(factors) < 1e-6 and len(factors) > 1:
        yield f"wrong by the constant factor {factors[0]:.6g}"


def _transposed_inputs(sheet: Sheet, array: str, runs: Sequence[Run]) -> Iterator[str]:
    """An input with its indices exchanged, which square sizes let through."""
    for name, value in runs[0].before.items():
        if not isinstance(value, np.ndarray) or value.ndim != 2 or value.shape[0] != value.shape[1]:
            continue
        if name in sheet.piece(runs[0].function).written:
            continue
        square = [run for run in runs if len(set(run.before[name].shape)) == 1]
        loop = solved(sheet)[runs[0].function]
        turned = [called(loop, run.before, {name: copied(run.before[name].T)}) for run in square]
        if all(close(run.received[array], it[array]) for run, it in zip(square, turned, strict=True)):
            yield f"{name} is read transposed: its indices are exchanged"


def _holes(array: str, runs: Sequence[Run]) -> Iterator[str]:
    """Elements that still hold what stood there before."""
    for run in runs:
        same = (run.received[array] == run.before[array]) & (run.expected[array] != run.before[array])
        if same.any():
            at = [int(k) for k in np.argwhere(same)[0]]
            yield f"{int(same.sum())} of {same.size} elements are never written, the first of them {array}{at}"
