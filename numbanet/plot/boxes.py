"""Boxes and arrows as SVG: parts that know their size, and draw themselves where they are put.

A part's `rise` is how far its middle, where arrows come and go, is from its left edge.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

GAP = 22.0  # between boxes above each other, where the arrow is
PAD = 14.0  # around what is within a frame
SIDE = 26.0  # between ways beside each other
LINE = 18.0
BEAD = 22.0  # a circle where ways meet
WIDE, NARROW = 8.4, 6.8  # a letter's width at most, of the sizes of the style below

STYLE = """
svg { color-scheme: light dark; }
.ground { fill: #fbfbfa; }
.box { fill: #ffffff; stroke: #8a939c; }
.weights { fill: #e6f1fa; stroke: #0060a8; }
.frame { fill: none; stroke: #8a939c; stroke-dasharray: 5 4; }
.bead { fill: #ffffff; stroke: #575e66; }
.way { fill: none; stroke: #575e66; stroke-width: 1.4; }
.head { fill: #575e66; }
text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: #22262b; }
.title { font-size: 15px; font-weight: 600; }
.kind { font-size: 13px; font-weight: 600; }
.soft { font-size: 12px; fill: #575e66; }
@media (prefers-color-scheme: dark) {
  .ground { fill: #14171b; }
  .box { fill: #1b1f24; stroke: #7d868f; }
  .weights { fill: #16293a; stroke: #62b5f5; }
  .frame { stroke: #7d868f; }
  .bead { fill: #1b1f24; stroke: #a4adb7; }
  .way { stroke: #a4adb7; }
  .head { fill: #a4adb7; }
  text { fill: #e3e6ea; }
  .soft { fill: #a4adb7; }
}
"""


def xml(text: str) -> str:
    """The text as XML holds it: no control characters, which it cannot."""
    return escape(re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\x7f-\x9f]", "\ufffd", text))


def words(x: float, y: float, text: str, style: str, anchor: str = "start") -> str:
    """A line of text whose baseline begins, or has its middle or end, at (x, y)."""
    return f'<text x="{x:g}" y="{y:g}" class="{style}" text-anchor="{anchor}">{xml(text)}</text>'


def arrow(x: float, top: float, bottom: float) -> str:
    """A line down, with a head."""
    return (
        f'<path class="way" d="M{x:g} {top:g}V{bottom - 6:g}"/>'
        f'<path class="head" d="M{x - 4:g} {bottom - 7:g}h8l-4 7z"/>'
    )


@dataclass(frozen=True)
class Box:
    """A layer: its kind and name, and below them, left and right, what it gives and what it holds."""

    kind: str
    name: str
    left: str
    right: str
    tip: str
    has_weights: bool

    @property
    def width(self) -> float:
        above = WIDE * len(self.kind) + NARROW * (len(self.name) + 3)
        return max(230.0, 24 + max(above, NARROW * (len(self.left) + len(self.right) + 3)))

    @property
    def height(self) -> float:
        return 12 + 2 * LINE

    @property
    def rise(self) -> float:
        return self.width / 2

    def draw(self, x: float, y: float) -> list[str]:
        style = "weights" if self.has_weights else "box"
        end = x + self.width - 12
        return [
            f'<g class="layer"><title>{xml(self.tip)}</title>',
            f'<rect class="{style}" x="{x:g}" y="{y:g}" width="{self.width:g}" height="{self.height:g}" rx="6"/>',
            words(x + 12, y + 19, self.kind, "kind"),
            words(end, y + 19, self.name, "soft", "end"),
            words(x + 12, y + 19 + LINE, self.left, "soft"),
            words(end, y + 19 + LINE, self.right, "soft", "end"),
            "</g>",
        ]


@dataclass(frozen=True)
class Column:
    """Parts below each other, with arrows between them; without parts a way that leads past."""

    parts: Sequence[Box | Frame]
    label: str = ""

    @property
    def rise(self) -> float:
        return max([part.rise for part in self.parts], default=8.0)

    @property
    def width(self) -> float:
        right = max([part.width - part.rise for part in self.parts], default=NARROW * len(self.label) + 10)
        return self.rise + right

    @property
    def height(self) -> float:
        return sum(part.height for part in self.parts) + GAP * max(len(self.parts) - 1, 0)

    def draw(self, x: float, y: float) -> list[str]:
        drawn = []
        for place, part in enumerate(self.parts):
            if place:
                drawn.append(arrow(x + self.rise, y - GAP, y))
            drawn += part.draw(x + self.rise - part.rise, y)
            y += part.height + GAP
        return drawn


@dataclass(frozen=True)
class Frame:
    """A layer of layers: columns beside each other, each of which gets the input, and which meet in a bead.

    bead: how they meet, such as "+". below: what the result goes through then.
    """

    kind: str
    name: str
    note: str
    columns: Sequence[Column]
    bead: str = ""
    below: Sequence[Box] = ()

    @property
    def _inner(self) -> float:
        return sum(column.width for column in self.columns) + SIDE * (len(self.columns) - 1)

    @property
    def width(self) -> float:
        titles = NARROW * (len(self.name) + len(self.note) + 5) + WIDE * len(self.kind) + 2 * PAD
        return max(2 * PAD + self._inner, titles, *(2 * (PAD + part.rise) for part in self.below), 0.0)

    @property
    def rise(self) -> float:
        """The first way's middle, where there is another beside it: so a chain and its way round read as such."""
        return self._start + self.columns[0].rise

    @property
    def _start(self) -> float:
        return (self.width - self._inner) / 2

    @property
    def _body(self) -> float:
        return max(column.height for column in self.columns)

    @property
    def height(self) -> float:
        forks = len(self.columns) > 1
        height = 2 * PAD + LINE + self._body + (GAP if forks else 0) + (GAP + BEAD if self.bead else 0)
        return height + sum(GAP + part.height for part in self.below)

    def draw(self, x: float, y: float) -> list[str]:
        drawn = [
            f'<rect class="frame" x="{x:g}" y="{y:g}" width="{self.width:g}" height="{self.height:g}" rx="9"/>',
            f'<text x="{x + PAD:g}" y="{y + PAD + 8:g}"><tspan class="kind">{xml(self.kind)}</tspan>'
            f'<tspan class="soft" dx="8">{xml(self.name)}</tspan></text>',
            words(x + self.width - PAD, y + PAD + 8, self.note, "soft", "end"),
        ]
        middle, top = x + self.rise, y + PAD + LINE
        forks = len(self.columns) > 1
        body = top + (GAP if forks else 0)
        foot = body + self._body
        left = x + self._start
        for column in self.columns:
            center = left + column.rise
            if forks and center != middle:
                drawn.append(f'<path class="way" d="M{middle:g} {top + 4:g}H{center:g}V{body - 6:g}"/>')
            if forks:
                start = top if center == middle else body - 8
                drawn.append(arrow(center, start, body) if column.parts else "")
            drawn += column.draw(left, body)
            if self.bead:
                drawn += self._join(column, center, middle, body, foot)
            left += column.width + SIDE
        bottom = foot
        if self.bead:
            bottom = foot + GAP + BEAD
            drawn.append(f'<circle class="bead" cx="{middle:g}" cy="{foot + GAP + BEAD / 2:g}" r="{BEAD / 2:g}"/>')
            sign = self.bead if len(self.bead) == 1 else ""
            drawn.append(words(middle, foot + GAP + BEAD / 2 + 5, sign, "kind", "middle"))
            if not sign:
                drawn.append(words(middle + BEAD / 2 + 8, foot + GAP + BEAD / 2 + 16, self.bead, "soft"))
        for part in self.below:
            drawn.append(arrow(middle, bottom, bottom + GAP))
            drawn += part.draw(middle - part.rise, bottom + GAP)
            bottom += GAP + part.height
        return drawn

    def _join(self, column: Column, center: float, middle: float, body: float, foot: float) -> list[str]:
        """The line from the end of a column to the bead."""
        end = body + column.height
        if center == middle:
            return [arrow(center, end, foot + GAP)]
        edge = middle + BEAD / 2
        height = foot + GAP + BEAD / 2
        start = body - 6 if not column.parts else end
        lines = [f'<path class="way" d="M{center:g} {start:g}V{height:g}H{edge + 6:g}"/>']
        lines.append(f'<path class="head" d="M{edge + 7:g} {height - 4:g}v8l-7 -4z"/>')
        if column.label:
            lines.append(words(center + 6, (body + foot) / 2, column.label, "soft"))
        return lines
