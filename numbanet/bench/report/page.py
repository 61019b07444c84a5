"""One HTML file with everything in it: styles, scripts and what was found. It asks no network for anything.

Tables and ladders are written here, so they can be read without scripts; page.js and its neighbours draw the plots,
from the JSON in the page, and sort and filter the tables.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from ...io import atomic
from ...pages import document, text
from ..results import Ladder, Results
from .columns import KERNELS, REFUSED, ROOFS, RUNGS, TRAINING, Column, Step, climb, refused, threads_text, timed
from .points import plot_data
from .series import DARK, LIGHT
from .text import ladder_title, origin

SCRIPTS = "plot.js", "roofline.js", "training.js", "tables.js", "page.js"
RUNG_FACTS = "over the one before", "over the first", "GFLOP/s", "median us", "spread", "error"


def write_page(results: Results, path: str | Path) -> None:
    """As one HTML file."""
    atomic.write(path, [page(results).encode()])


def page(results: Results) -> str:
    """The whole document."""
    colors = "".join(f"--s{k}:light-dark({pair[0]},{pair[1]});" for k, pair in enumerate(zip(LIGHT, DARK, strict=True)))
    facts = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in origin(results))
    makers = _notes, _refused, _roofline, _kernels, _roofs, _ladders, _training
    body = Template(_file("page.html")).substitute(
        facts=facts,
        commands=_commands(results),
        body="\n".join(filter(None, [make(results) for make in makers])) or "<p>Nothing was measured.</p>",
    )
    style = f":root{{{colors}}}\n{_file('page.css')}"
    return document("numbanet bench", body, style, [_file(name) for name in SCRIPTS], plot_data(results))


def _file(name: str) -> str:
    return text(__package__, name)


def _section(name: str, title: str, *parts: str) -> str:
    return f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(title)}</h2>{"".join(parts)}</section>'


def _table(name: str, columns: Sequence[Column], rows: Iterable[Any], kind: str = "") -> str:
    """A table in a box of its own that scrolls; a cell has the number in it that it is sorted by."""
    head = "".join(
        f'<th scope="col" aria-sort="none"{_number(c)}><button type="button">{escape(c.title)}</button></th>'
        for c in columns
    )
    lines = [f"<tr>{''.join(_cell(c, row) for c in columns)}</tr>" for row in rows]
    return (
        f'<div class="box {kind}" tabindex="0" role="region" aria-label="Table of {escape(name)}">'
        f'<table id="table-{name}"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
    )


def _number(column: Column) -> str:
    return ' class="number"' if column.numeric else ""


def _cell(column: Column, row: Any) -> str:
    value = column.value(row)
    key = f' data-value="{float(value)!r}"' if column.numeric and value is not None else ""
    return f"<td{_number(column)}{key}>{escape(column.cell(row))}</td>"


def _filter(name: str, count: int) -> str:
    return (
        f'<p class="filter"><label>Only rows with <input type="search" data-table="table-{name}" '
        f'placeholder="words, such as dense cuda"></label> <output>{count} rows</output></p>'
    )


def _commands(results: Results) -> str:
    """Each with a button that copies it."""
    if not results.commands:
        return ""
    lines = "".join(
        f'<li><code>{escape(command)}</code><button type="button" class="copy">Copy</button></li>'
        for command in results.commands
    )
    return f'<h2 class="small">To repeat it</h2><ul class="commands">{lines}</ul>'


def _notes(results: Results) -> str:
    notes = "".join(f"<li>{escape(note)}</li>" for note in results.notes)
    return _section("notes", "Notes", f"<ul>{notes}</ul>") if notes else ""


def _refused(results: Results) -> str:
    rows = refused(results.kernels)
    words = "<p>They differ from the reference on the same data, or could not run, and have no times.</p>"
    title = f"Refused: {len(rows)} kernel{'s' * (len(rows) != 1)}"
    return _section("refused", title, words, _table("refused-kernels", REFUSED, rows, "bad")) if rows else ""


def _roofline(results: Results) -> str:
    if not timed(results.kernels):
        return ""
    words = (
        "<p>Each mark is a kernel. The slope of a roof is what memory delivers (dashed: a cache, where small arrays "
        "stay), its ceiling what the multiply-adds do: the closer a mark is to its roof, the less there is to gain. "
        "Point at a mark, or press Tab until one is chosen and go on with the arrow keys.</p>"
    )
    plots = (
        '<div class="controls" id="roofline-controls"></div><div class="plot" id="roofline-plot"></div>'
        '<h3 id="moves-title">Kernels without FLOPs</h3>'
        "<p>They only move numbers and are no points of a roofline: here by GB/s. A tall line is the memory of their "
        'device; what lies right of it was in a cache.</p><div class="plot" id="moves-plot"></div>'
    )
    return _section("roofline", "Roofline", words, plots)


def _kernels(results: Results) -> str:
    rows = timed(results.kernels)
    words = "<p>A click on a title sorts, a second one the other way round.</p>"
    table = _filter("kernels", len(rows)) + _table("kernels", KERNELS, rows)
    return _section("kernels", "Kernels", words, table) if rows else ""


def _roofs(results: Results) -> str:
    words = "<p>Measured on this machine by the project's own kernels.</p>"
    return _section("roofs", "Roofs", words, _table("roofs", ROOFS, results.roofs)) if results.roofs else ""


def _ladders(results: Results) -> str:
    if not results.ladders:
        return ""
    words = (
        "<p>From the textbook's loop to the kernel in use, the last rung. The bars show GFLOP/s on a logarithmic "
        "scale: from one thin line to the next it is ten times as much. Speed-ups are those of GFLOP/s, as the first "
        "rungs may be tried at a smaller size.</p>"
    )
    return _section("ladders", "Ladders", words, *map(_ladder, results.ladders))


def _ladder(ladder: Ladder) -> str:
    steps = climb(ladder)
    rates = [step.rung.gflops for step in steps]
    low = math.floor(math.log10(min(rates)))  # the power of ten that the bars begin at
    decades = max(1, math.ceil(math.log10(max(rates))) - low)
    lines = [_rung(step, 100 * (math.log10(rate) - low) / decades) for step, rate in zip(steps, rates, strict=True)]
    style = f"--decade:{100 / decades:.3f}%"
    return f'<h3>{escape(ladder_title(ladder))}</h3><ol class="ladder" style="{style}">{"".join(lines)}</ol>'


def _rung(step: Step, width: float) -> str:
    """width: of the bar, in percent."""
    rung = step.rung
    cells = {column.title: column.cell(step) for column in RUNGS}
    facts = "".join(
        f"<div><dt>{escape(title)}</dt><dd>{escape(cells[title])}</dd></div>" for title in RUNG_FACTS if cells[title]
    )
    what = ", ".join(filter(None, [rung.size, threads_text(rung.threads)]))
    return (
        f"<li><h4>{escape(rung.name)} <small>{escape(what)}</small></h4>"
        f'<div class="bar"><span style="width:{width:.2f}%"></span></div><dl class="facts">{facts}</dl>'
        f'<p class="why">{escape(rung.why)}</p>'
        f"<details><summary>Source of <code>{escape(rung.function)}</code></summary>"
        f'<pre tabindex="0"><code>{escape(rung.code)}</code></pre></details></li>'
    )


def _training(results: Results) -> str:
    if not results.training:
        return ""
    words = "<p>Whole training steps: the same weights, data and losses on each device.</p>"
    plots = ""
    for place, model in enumerate(dict.fromkeys(row.model for row in results.training)):
        notes = "".join(f'<p class="note">{escape(note)}</p>' for note in results.notes if _is_about(note, model))
        plots += f'<div><h3>{escape(model)}</h3><div class="plot" id="training-plot-{place}"></div>{notes}</div>'
    table = _filter("training", len(results.training)) + _table("training", TRAINING, results.training)
    return _section("training", "Training", words, f'<div class="plots">{plots}</div>', table)


def _is_about(note: str, model: str) -> bool:
    """Whether it begins with the model's name, as "mlp: cuda is faster than ..." does."""
    return note.startswith((f"{model}:", f"{model},"))
