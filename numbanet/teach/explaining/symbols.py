"""Numbers that remember how they were made, and the sums, products and quotients they were made of, as text.

A `Number` is a float and a `Whole` an int, so that a loop computes with them as with others; each knows the operation
and the operands it came from. One that was read from an array, or given, has a name instead.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

SHOWN = 3, 2  # terms of a long sum that are shown, of its beginning and of its end
LONGEST = 420  # characters of an expression; beyond, its innermost brackets are shown by their values
DEEPEST = 12  # brackets within brackets
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
SIGNS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    ">>": lambda a, b: int(a) >> b,
}
INFINITIES: dict[str, Callable[..., Any]] = {"/": np.divide, "**": np.power, "%": np.remainder, "//": np.floor_divide}


class Journal:
    """The comparisons by which a loop took its way to what it writes.

    One that a helper made belongs to the next element that is written, one of the loop's own lines to all that are
    written after it, until the loop compares again or goes back before that line.
    """

    def __init__(self, code: Any) -> None:
        self.code = code  # of the loop
        self.comparisons: list[tuple[str, Any, Any, bool, int]] = []
        self.stale = False

    def compared(self, sign: str, left: Any, right: Any, outcome: bool) -> None:
        if self.stale:
            self.comparisons, self.stale = [], False
        frame = sys._getframe(2)
        self.comparisons.append((sign, left, right, outcome, frame.f_lineno if frame.f_code is self.code else 0))

    def written(self) -> None:
        """An element was written."""
        self.stale = True
        self.comparisons = [found for found in self.comparisons if found[-1]]

    def until(self, line: int) -> list[tuple[str, Any, Any, bool, int]]:
        """Those that belong to an element that this line writes."""
        return [found for found in self.comparisons if found[-1] <= line]


class _Remembering:
    """What Number and Whole share: their operators."""

    journal: Journal
    sign: str  # of the operation, or "" where it has a name, or the name of a function
    parts: tuple[Any, ...]  # its operands, or the name

    def __neg__(self) -> Any:
        return made(self.journal, "neg", (self,), operator.neg)

    def __abs__(self) -> Any:
        return made(self.journal, "abs", (self,), abs)


class Number(_Remembering, float):
    """A float64 that remembers."""

    def __new__(cls, value: float, journal: Journal, sign: str, parts: tuple[Any, ...]) -> Number:
        self = float.__new__(cls, value)
        self.journal, self.sign, self.parts = journal, sign, parts
        return self


class Whole(_Remembering, int):
    """An integer that remembers."""

    def __new__(cls, value: int, journal: Journal, sign: str, parts: tuple[Any, ...]) -> Whole:
        self = int.__new__(cls, value)
        self.journal, self.sign, self.parts = journal, sign, parts
        return self


def plain(value: Any) -> Any:
    """The number itself, of Python's own type."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    return int(value) if isinstance(value, int | np.integer) else float(value)


def named(journal: Journal, value: Any, name: str) -> Any:
    """A number that has a name."""
    bare = plain(value)
    return Number(bare, journal, "", (name,)) if isinstance(bare, float) else Whole(bare, journal, "", (name,))


def made(journal: Journal, sign: str, parts: tuple[Any, ...], compute: Callable[..., Any]) -> Any:
    """The result of an operation, which remembers it. Where Python raises, IEEE 754 has an infinity or a NaN."""
    operands = [plain(part) for part in parts]
    try:
        value = compute(*operands)
    except (ArithmeticError, ValueError):
        function = INFINITIES.get(sign) or getattr(np, sign)
        with np.errstate(all="ignore"):
            value = float(function(*map(float, operands)))
    if isinstance(value, float):
        return Number(value, journal, sign, parts)
    return Whole(value, journal, sign, parts) if type(value) is int else value


def chosen(journal: Journal, sign: str, parts: tuple[Any, ...], compute: Callable[..., Any]) -> Any:
    """The largest or smallest of some numbers: it remembers them all."""
    taken = compute(parts, key=plain)
    if not any(isinstance(part, Number) for part in parts):
        return taken
    return Number(float(taken), journal, sign, (*parts, taken))


def _binary(sign: str, name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    compute, of_floats = SIGNS[sign], getattr(float, f"__{name}__", None)

    def left(self: Any, other: Any) -> Any:
        if of_floats and type(self) is Number and isinstance(other, float) and sign in "+-*":  # never raises
            return Number(of_floats(self, other), self.journal, sign, (self, other))
        return made(self.journal, sign, (self, other), compute)

    def right(self: Any, other: Any) -> Any:
        return made(self.journal, sign, (other, self), compute)

    return left, right


def _comparison(sign: str, compute: Callable[..., Any]) -> Callable[..., Any]:
    def compare(self: Any, other: Any) -> Any:
        outcome = compute(plain(self), plain(other))
        if self is not other:  # else it is asked whether it is NaN
            self.journal.compared(sign, self, other, outcome)
        return outcome

    return compare


NAMES = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", ">>": "rshift"}
for _sign, _name in NAMES.items():
    for _class in (Number, Whole):
        for _prefix, _method in zip(("__", "__r"), _binary(_sign, _name), strict=True):
            setattr(_class, f"{_prefix}{_name}__", _method)
for _sign, _name in zip(COMPARISONS, ("lt", "le", "gt", "ge", "eq", "ne"), strict=True):
    for _class in (Number, Whole):
        setattr(_class, f"__{_name}__", _comparison(_sign, getattr(operator, _name)))
Number.__hash__ = float.__hash__  # type: ignore[method-assign]
Whole.__hash__ = int.__hash__  # type: ignore[method-assign]


def figure(value: Any, digits: int = 4) -> str:
    """A number in so many digits, or all of them where it is whole."""
    bare = plain(value)
    if not isinstance(bare, float):
        return str(bare)
    if bare.is_integer() and abs(bare) < 1e16:
        return str(int(bare))
    return f"{bare:.{digits}g}"


def terms(value: Any) -> list[tuple[str, Any]]:
    """A sum as its terms, each with its sign, without the zeros that a loop begins with or adds."""
    found: list[tuple[str, Any]] = []
    while _sign_of(value) in ("+", "-"):
        found.append((value.sign, value.parts[1]))
        value = value.parts[0]
    found.append(("+", value))
    kept = [(sign, term) for sign, term in reversed(found) if not _is_zero(term)]
    return kept or [("+", found[0][1])]


def factors(value: Any) -> list[Any]:
    """A product as its factors, without ones."""
    found: list[Any] = []
    while _sign_of(value) == "*":
        left, right = value.parts
        found += reversed(factors(right))
        value = left
    found.append(value)
    kept = [f for f in reversed(found) if isinstance(f, _Remembering) or plain(f) != 1]
    return kept or [1]


def longest(value: Any) -> int:
    """The number of terms of the longest sum in a value."""
    most, seen, waiting = 1, set(), [value]
    while waiting:
        here = waiting.pop()
        if not _sign_of(here) or id(here) in seen:
            continue
        seen.add(id(here))
        found = [term for _, term in terms(here)] if here.sign in ("+", "-") else list(here.parts)
        most = max(most, len(found) if here.sign in ("+", "-") else 1)
        waiting += found
    return most


def _sign_of(value: Any) -> str:
    return value.sign if isinstance(value, _Remembering) else ""


def _is_short(value: Any) -> bool:
    """Whether at most two names or constants are in it."""
    waiting, leaves = [value], 0
    while waiting and leaves <= 2:
        part = waiting.pop()
        if _sign_of(part):
            waiting += part.parts
        else:
            leaves += 1
    return leaves <= 2


def _is_zero(value: Any) -> bool:
    """A constant 0, or a product with one."""
    if not isinstance(value, _Remembering):
        return bool(plain(value) == 0)
    return value.sign == "*" and plain(value) == 0 and any(_is_zero(part) for part in value.parts)


SUM, PRODUCT, QUOTIENT, ATOM = range(4)  # how tightly what stands in a text is bound


class Writer:
    """Writes a value down: with the names of its numbers, or with the numbers themselves.

    notes: of the maxima and minima that came in, each once. used: the names that came in.
    """

    def __init__(self, numbers: bool = False) -> None:
        self.numbers, self.deepest = numbers, DEEPEST
        self.notes: dict[str, None] = {}
        self.used: dict[str, None] = {}
        self.noted: set[int] = set()

    def write(self, value: Any) -> str:
        """The whole expression, of which the innermost brackets are left out where it is too long."""
        for self.deepest in range(DEEPEST, 0, -1):
            self.notes, self.used, self.noted = {}, {}, set()
            text = self._write(value, 0)[0]
            if len(text) <= LONGEST:
                break
        return text

    def _write(self, value: Any, depth: int) -> tuple[str, int]:
        sign = _sign_of(value)
        if not sign:
            if isinstance(value, _Remembering):
                self.used[value.parts[0]] = None
                if not self.numbers:
                    return value.parts[0], ATOM
            text = figure(value, 4 if isinstance(value, _Remembering) else 9)
            return text, SUM if text.startswith("-") else ATOM
        if depth > self.deepest and not _is_short(value):
            return f"(... = {figure(value)})", ATOM
        if sign in ("+", "-"):
            return self._sum(value, depth)
        if sign == "*":
            return self._product(value, depth)
        if sign in ("max", "min"):
            return self._choice(value, depth)
        return self._other(sign, value.parts, depth)

    def _bound(self, value: Any, least: int, depth: int) -> str:
        """In brackets, unless it is bound as tightly as that."""
        text, strength = self._write(value, depth + 1)
        return text if strength >= least else f"({text})"

    def _sum(self, value: Any, depth: int) -> tuple[str, int]:
        found = terms(value)
        if len(found) == 1 and found[0][0] == "+":
            return self._write(found[0][1], depth)
        first, last = SHOWN
        hidden = len(found) - first - last if len(found) > first + last + 1 else 0
        shown = found[:first] + found[len(found) - last :] if hidden else found
        pieces: list[str] = []
        for k, (sign, term) in enumerate(shown):
            if hidden and k == first:
                pieces.append(f"+ ... {hidden:,} more terms ...")
            leads = not k and sign == "+" and not _sign_of(term)  # its own sign needs no brackets
            text = self._bound(term, SUM if leads else PRODUCT, depth)
            pieces.append(f"{sign} {text}" if k or sign == "-" else text)
        if pieces[0].startswith("- "):
            pieces[0] = f"-{pieces[0][2:]}"
        return " ".join(pieces), SUM

    def _product(self, value: Any, depth: int) -> tuple[str, int]:
        found = factors(value)
        if len(found) == 1:
            return self._write(found[0], depth)
        texts = [
            self._bound(factor, QUOTIENT, depth) if times == 1 else f"{self._bound(factor, ATOM, depth)}^{times}"
            for factor, times in _runs(found)
        ]
        dotted = self.numbers or any(_sign_of(factor) == "/" for factor in found)
        return (" * " if dotted else " ").join(texts), PRODUCT if len(texts) > 1 else ATOM

    def _choice(self, value: Any, depth: int) -> tuple[str, int]:
        """The one that was taken; a note says of which."""
        taken = self._write(_taken(value), depth)
        if id(value) not in self.noted:
            self.noted.add(id(value))
            parts, (first, last) = _candidates(value), SHOWN
            hidden = len(parts) - first - last if len(parts) > first + last + 1 else 0
            texts = [self._write(part, depth + 1)[0] for part in (parts[:first] + parts[-last:] if hidden else parts)]
            if hidden:
                texts.insert(first, f"... {hidden:,} more ...")
            self.notes[f"{value.sign}({', '.join(texts)}) = {taken[0]}"] = None
        return taken

    def _other(self, sign: str, parts: tuple[Any, ...], depth: int) -> tuple[str, int]:
        if sign == "neg":
            return f"-{self._bound(parts[0], PRODUCT, depth)}", SUM
        if sign == "abs":
            return f"|{self._write(parts[0], depth + 1)[0]}|", ATOM
        if sign == "/":
            numerator = self._bound(parts[0], PRODUCT, depth)
            return f"{numerator} / {self._bound(parts[1], ATOM, depth)}", QUOTIENT
        if sign == "**":
            return f"{self._bound(parts[0], ATOM, depth)}^{self._bound(parts[1], ATOM, depth)}", ATOM
        if sign in SIGNS:
            left, right = (self._bound(part, ATOM, depth) for part in parts)
            return f"{left} {sign} {right}", SUM
        return f"{sign}({', '.join(self._write(part, depth + 1)[0] for part in parts)})", ATOM


def _candidates(value: Any) -> list[Any]:
    """Those of max(max(a, b), c), each once."""
    found: dict[Any, Any] = {}
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if _sign_of(part) == value.sign:
            waiting += part.parts[-2::-1]  # without the one that was taken
        else:
            is_name = isinstance(part, _Remembering) and not part.sign
            found.setdefault(part.parts[0] if is_name else id(part), part)
    return list(found.values())


def _runs(factors: list[Any]) -> list[tuple[Any, int]]:
    """Factors, with how often each stands there in a row."""
    found: list[tuple[Any, int]] = []
    for factor in factors:
        if found and _same_name(found[-1][0], factor):
            found[-1] = (factor, found[-1][1] + 1)
        else:
            found.append((factor, 1))
    return found


def _same_name(a: Any, b: Any) -> bool:
    named_both = isinstance(a, _Remembering) and isinstance(b, _Remembering) and not a.sign and not b.sign
    return named_both and a.parts == b.parts


def _taken(value: Any) -> Any:
    while _sign_of(value) in ("max", "min"):
        value = value.parts[-1]
    return value
