"""A picture of the roofline, and of the ladders beside it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from ...figures import new_figure
from ...io import atomic
from ..results import Ladder, Results, Roof
from .columns import caches, climb, figure, ridge, timed, times
from .series import FAMILIES, LIGHT, OTHER, all_series, family
from .text import ladder_title, origin

INCHES, DOTS = (16.0, 9.0), 100  # 1600 x 900 pixels
MARKERS = dict(zip((*FAMILIES, OTHER), "osD^", strict=True))
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.85}  # behind words
INK, FAINT = "#22262b", "#d9dcdf"


def write_picture(results: Results, path: str | Path) -> None:
    """As PNG, 1600 x 900. Raises MissingDependency without matplotlib."""
    picture = new_figure(*INCHES)
    if results.ladders:
        left, right = picture.subfigures(1, 2, width_ratios=(5, 4))
        _draw_ladders(right, results.ladders)
    else:
        left = picture
    _draw_roofline(left.add_subplot(), results)
    facts = dict(origin(results))
    words = [facts[name] for name in ("processor", "gpu", "date") if name in facts]
    picture.suptitle(_literal("  |  ".join(["numbanet bench", *words]), 130), color=INK, fontsize=13)
    drawn = io.BytesIO()
    picture.savefig(drawn, dpi=DOTS, format="png")
    atomic.write(path, [drawn.getvalue()])


def _draw_roofline(axes: Any, results: Results) -> None:
    """A point for each timed kernel with FLOPs under the roofs of its device."""
    points = [row for row in timed(results.kernels) if row.flops and row.bytes]
    xs = [row.intensity for row in points] + [x for roof in results.roofs if (x := ridge(roof))]
    low, high = min(xs, default=0.1) / 4, max(xs, default=100.0) * 4
    for series in all_series(results):
        color = LIGHT[series.color]
        if roof := results.roof(series.device, series.threads, series.dtype):
            _draw_roof(axes, roof, color, low, high)
        for name, marker in MARKERS.items():
            mine = [row for row in series.of(points) if family(row.operation) == name]
            axes.scatter(
                [row.intensity for row in mine],
                [row.gflops for row in mine],
                s=36,
                color=color,
                marker=marker,
                alpha=0.75,
                linewidths=0,
            )
        axes.plot([], [], color=color, linewidth=3, label=_literal(series.label, 30))
    for name, marker in MARKERS.items():
        axes.plot([], [], marker, color=INK, label=name)
    axes.set(xscale="log", yscale="log", xlim=(low, high), xlabel="FLOPs/byte", ylabel="GFLOP/s")
    if not xs:
        axes.set_ylim(0.1, 1000.0)
    axes.set_title("Roofline", loc="left", fontsize=13, color=INK)
    axes.grid(color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=10, ncols=2, loc="lower right")


def _draw_roof(axes: Any, roof: Roof, color: str, low: float, high: float) -> None:
    """The slope of memory up to the ceiling of the multiply-adds; caches fainter."""
    for share, gbs in [(0.35, gbs) for _, gbs in caches(roof)] + [(1.0, roof.gbs)]:
        corner = roof.gflops / gbs
        axes.plot([low, corner, high], [low * gbs, roof.gflops, roof.gflops], color=color, alpha=share, linewidth=1.4)
    style = {"color": color, "fontsize": 10, "textcoords": "offset points", "bbox": PAPER}
    axes.annotate(f"{figure(roof.gflops)} GFLOP/s", (high, roof.gflops), (-4, 5), ha="right", **style)
    axes.annotate(f"{figure(roof.gbs)} GB/s", (low, low * roof.gbs), (6, -12), **style)


def _draw_ladders(picture: Any, ladders: list[Ladder]) -> None:
    """A bar for each rung: GFLOP/s, and how many times those of the first rung they are."""
    rungs = [len(ladder.rungs) for ladder in ladders]
    size = max(6.0, min(10.0, 340 / (sum(rungs) + 2 * len(rungs))))
    all_axes = picture.subplots(len(ladders), 1, squeeze=False, height_ratios=rungs)[:, 0]
    for axes, ladder in zip(all_axes, ladders, strict=True):
        steps = climb(ladder)
        rates = [step.rung.gflops for step in steps]
        names = [_literal(step.rung.name, 24) for step in steps]
        bars = axes.barh(range(len(steps)), rates, tick_label=names, color=LIGHT[0], height=0.65)
        gains = [f", {times(step.over_first)}" if step.over_first else "" for step in steps]
        words = [figure(rate) + gain for rate, gain in zip(rates, gains, strict=True)]
        axes.bar_label(bars, words, padding=4, fontsize=size, color=INK)
        axes.invert_yaxis()
        axes.set(xscale="log", xlim=(min(rates) / 3, max(rates) * 60))
        title = _literal(f"{ladder_title(ladder)}: GFLOP/s (logarithmic), times the first", 70)
        axes.set_title(title, loc="left", fontsize=size + 2, color=INK)
        axes.tick_params(labelsize=size, length=0)
        axes.xaxis.set_visible(False)  # the bars say their numbers
        axes.spines[["top", "right", "bottom"]].set_visible(False)


def _literal(words: str, most: int) -> str:
    """So many characters at most, in which matplotlib sees no formula."""
    short = words if len(words) <= most else f"{words[: most - 3]}..."
    return short.replace("$", r"\$")
