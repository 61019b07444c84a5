"""Names and lines of exported files: whatever a layer is called, they stay code and comments of their language."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...layers.base import free_name

WIDTH = 120


class Names:
    """Identifiers for things by their keys, each different from the others and from those that are taken."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._found: dict[object, str] = {}

    def of(self, key: object, wish: str) -> str:
        """The identifier of `key`; at its first use made of `wish`."""
        if key not in self._found:
            base = identifier(wish)
            name = free_name(base, self._taken)
            self._taken.add(name)
            self._found[key] = name
        return self._found[key]


def identifier(wish: str) -> str:
    """Letters, digits and underscores of ASCII that do not begin with a digit: "saved/dense/y" -> "dense_y"."""
    parts = [part for part in wish.split("/") if part not in ("saved", "scratch")]
    name = re.sub(r"[^0-9A-Za-z]+", "_", "_".join(parts)).strip("_")
    return f"n_{name}" if name[:1].isdigit() else name or "net"


def comment(text: str) -> str:
    """Text that no comment or docstring ends at, on one line."""
    return re.sub(r"[^ -~]|[*\\\"?]", "_", text)


def wrapped(begin: str, parts: Iterable[str], end: str, indent: str | None = None) -> str:
    """A call on as few lines as it needs: later ones below its first argument, or all arguments at an indent."""
    given = list(parts)
    if len(whole := begin + ", ".join(given) + end) <= WIDTH:
        return whole
    first, hang = (begin, " " * len(begin)) if indent is None else (indent, indent)
    lines, line = [] if indent is None else [begin], first
    for k, part in enumerate(given):
        piece = f" {part}" if k and line.strip() != first.strip() else part
        if len(line) + len(piece) + len(end) > WIDTH and line != hang:
            lines.append(line)
            line, piece = hang, part
        line += piece + ("," if k + 1 < len(given) else "")
    return "\n".join([*lines, line + end] if indent is None else [*lines, line, indent[4:] + end])
