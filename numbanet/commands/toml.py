"""Writing TOML, which Python's tomllib only reads: https://toml.io/en/v1.0.0."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

BARE = re.compile(r"[A-Za-z0-9_-]+")  # keys that need no quotes
DELETE = "\x7f"  # which JSON leaves as it is, and TOML wants escaped


def dumps(tables: Mapping[str, Any]) -> str:
    """The text of tables, from which tomllib.loads makes them again; None is left out, for TOML has no such value.

    Raises TypeError for what TOML has no words for.
    """
    lines: list[str] = []
    _write(lines, (), tables)
    return "\n".join(lines).strip("\n") + "\n"


def _write(lines: list[str], path: tuple[str, ...], table: Mapping[str, Any]) -> None:
    """Values first: below the header of another table they would belong to that."""
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping) or _are_tables(value)}
    lines += [f"{_key(key)} = {_value(v)}" for key, v in table.items() if key not in inner and v is not None]
    for key, value in inner.items():
        place = (*path, key)
        name = ".".join(map(_key, place))
        for one in [value] if isinstance(value, Mapping) else value:
            lines += ["", f"[{name}]" if isinstance(value, Mapping) else f"[[{name}]]"]
            _write_values(lines, place, one)


def _write_values(lines: list[str], path: tuple[str, ...], table: Mapping[str, Any]) -> None:
    """A table; those in one of an object, which has a class, are short and stay on their line."""
    if "class" in table:
        lines += [f"{_key(key)} = {_value(value)}" for key, value in table.items() if value is not None]
    else:
        _write(lines, path, table)


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _key(key: str) -> str:
    return key if BARE.fullmatch(key) else _text(key)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace(DELETE, r"\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, Mapping):
        pairs = [f"{_key(key)} = {_value(v)}" for key, v in value.items() if v is not None]
        return "{" + ", ".join(pairs) + "}"
    raise TypeError(f"expected a value that TOML has, received {value!r:.100}")
