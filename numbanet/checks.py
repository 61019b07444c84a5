"""Checks of what users pass to constructors and methods: each returns the value, or says what was expected."""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Iterable
from typing import Any, NoReturn

from .errors import ArgumentError


def fail(owner: str, argument: str, expected: str, received: Any) -> NoReturn:
    raise ArgumentError(f"{owner}: {argument} must be {expected}. Received: {argument}={received!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def positive_integer(owner: str, argument: str, value: Any) -> int:
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        fail(owner, argument, "a positive integer", value)
    return int(value)


def non_negative_integer(owner: str, argument: str, value: Any) -> int:
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 0:
        fail(owner, argument, "an integer of 0 or more", value)
    return int(value)


def seed_number(owner: str, value: Any) -> int:
    """A seed of random numbers: an integer from 0 to 2^63 - 1."""
    seed = non_negative_integer(owner, "seed", value)
    if seed >= 2**63:
        fail(owner, "seed", "below 2^63", value)
    return seed


def number(owner: str, argument: str, value: Any) -> float:
    if not _is_number(value):
        fail(owner, argument, "a finite number", value)
    return float(value)


def positive(owner: str, argument: str, value: Any) -> float:
    if not _is_number(value) or value <= 0:
        fail(owner, argument, "a positive number", value)
    return float(value)


def non_negative(owner: str, argument: str, value: Any) -> float:
    if not _is_number(value) or value < 0:
        fail(owner, argument, "a number of 0 or more", value)
    return float(value)


def fraction(owner: str, argument: str, value: Any) -> float:
    """A number in [0, 1)."""
    if not _is_number(value) or not 0 <= value < 1:
        fail(owner, argument, "a number from 0 to 1, without 1", value)
    return float(value)


def boolean(owner: str, argument: str, value: Any) -> bool:
    if not isinstance(value, bool):
        fail(owner, argument, "True or False", value)
    return value


def text(owner: str, argument: str, value: Any) -> str:
    if not isinstance(value, str):
        fail(owner, argument, "a text", value)
    return value


def choice(owner: str, argument: str, value: Any, known: Iterable[str]) -> str:
    """One of the known names; a near miss is suggested."""
    names = sorted(known)
    if not isinstance(value, str) or value not in names:
        hint = near_miss(value, names)
        raise ArgumentError(f"{owner}: {argument} must be one of {', '.join(names)}. Received: {value!r}.{hint}")
    return value


def near_miss(value: Any, names: Iterable[str]) -> str:
    """The end of an error: which of the names may have been meant, if any is like it."""
    lower = {name.lower(): name for name in names}
    near = [lower[key] for key in difflib.get_close_matches(str(value).lower(), lower, 1)]
    return f" Did you mean {near[0]!r}?" if near else ""
