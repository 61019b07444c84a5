"""JSON from strangers: no duplicate keys, no NaN, no depth that exhausts the stack, no numbers of a million digits."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any, NoReturn

import numpy as np

MOST_DEPTH = 64  # brackets in brackets; a layer in a layer takes three
MOST_DIGITS = 32  # of a number; float64 has 17, and a sign and an exponent

# a string, also one that never ends, so that the search goes over each character once
_STRING = re.compile(r'"(?:[^"\\]++|\\.?)*+(?:"|\Z)', re.DOTALL)


def parse(text: str) -> Any:
    """The value that `text` is. Raises ValueError."""
    depth = _depth(text)
    if depth > MOST_DEPTH:
        raise ValueError(f"expected JSON of at most {MOST_DEPTH} brackets in brackets, found {depth}")
    return json.loads(text, object_pairs_hook=_unique, parse_int=_integer, parse_float=_float, parse_constant=_constant)


def dumps(value: Any) -> str:
    """The text of `value` from which `parse` makes it again; a tuple becomes a list.

    Raises ValueError or TypeError for anything else, such as NaN.
    """
    text = canonical(value)
    if parse(text) != _lists(value):
        raise ValueError(f"expected dicts with names as keys, and plain values, received {value!r:.200}")
    return text


def canonical(value: Any) -> str:
    """The text of what `parse` made: always the same for the same value."""
    return json.dumps(value, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _depth(text: str) -> int:
    """How many brackets stand in one another, before anything is parsed."""
    characters = np.frombuffer(_STRING.sub("", text).encode(), np.uint8)
    up = np.isin(characters, list(b"[{")).astype(np.int8)
    down = np.isin(characters, list(b"]}")).astype(np.int8)
    return int(np.cumsum(up - down, dtype=np.int32).max(initial=0))


def _lists(value: Any) -> Any:
    """The value with lists for tuples."""
    if isinstance(value, dict):
        return {key: _lists(v) for key, v in value.items()}
    return [_lists(v) for v in value] if isinstance(value, list | tuple) else value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"expected every key once, found {twice!r:.100} twice")
    return found


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"expected numbers of at most {MOST_DIGITS} digits, found one of {len(text)}")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"expected finite numbers, found {text:.40}")
    return value


def _constant(text: str) -> NoReturn:
    raise ValueError(f"expected finite numbers, found {text}")
