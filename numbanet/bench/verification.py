"""A kernel beside the reference loops in float64, on the same data: what is wrong is not timed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import NumbanetError
from .case import Case

# of an array's largest element: sums of some 10^5 terms in float32 differ so much by their order alone
TOLERANCE = {"float32": 1e-5, "float64": 1e-11}


class WrongResult(NumbanetError):
    """A kernel that does not do what the reference does."""


def expected(case: Case) -> list[Any]:
    """What the reference writes, in float64."""
    arguments = case.make("float64")
    case.kernel("reference")(*arguments)
    return case.written(arguments)


def difference(case: Case, right: list[Any], found: list[Any]) -> float:
    """The largest difference between what was to be written and what was, over the array's largest element.

    Raises WrongResult where whole numbers differ, or the places of NaN.
    """
    return max((_difference(f"{case}", k, a, np.array(b)) for k, (a, b) in enumerate(zip(right, found, strict=True))))


def verify(case: Case, dtype: str, right: list[Any], found: list[Any]) -> float:
    """The difference. Raises WrongResult where it is larger than rounding explains."""
    error = difference(case, right, found)
    if error > TOLERANCE[dtype]:
        raise WrongResult(
            f"{case}: expected what the reference writes, to {TOLERANCE[dtype]:g} of the largest element; it differs "
            f"by {error:.1e}"
        )
    return error


def expect_untouched(case: Case, dtype: str, found: list[Any]) -> None:
    """Raises WrongResult where the kernel changed what it should only read."""
    changed = case.changed(found, dtype)
    if changed:
        raise WrongResult(f"{case}: expected its inputs as they were; it changed argument {changed[0]}")


def _difference(name: str, number: int, right: Any, ours: Any) -> float:
    what = f"{name}: array {number} of those it writes"
    if right.dtype.kind != "f":
        if not np.array_equal(right, ours):
            raise WrongResult(f"{what}: {_first(right != ours, right, ours)}")
        return 0.0
    empty = np.isnan(right)  # what the kernel leaves alone, or what has no value
    if not np.array_equal(np.isnan(ours), empty):
        raise WrongResult(f"{what}: {_first(np.isnan(ours) != empty, right, ours)}")
    right, ours = right[~empty], ours[~empty]
    apart = right != ours  # equal infinities are not
    scale = max(float(np.abs(right[np.isfinite(right)]).max(initial=0.0)), 1e-30)
    return float(np.abs(ours[apart] - right[apart]).max(initial=0.0)) / scale


def _first(wrong: Any, right: Any, ours: Any) -> str:
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = f"element {list(index)}" if index else "its number"
    return f"expected {right[index]} as {place}, received {ours[index]}"
