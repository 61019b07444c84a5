"""An explanation as HTML: equations in MathML, and the loops with the lines marked that cite an equation."""

from __future__ import annotations

import io
import keyword
import os
import re
import tokenize
from html import escape
from pathlib import Path

from ...errors import FileError
from ...pages import document, text
from .contract import Block, Contract
from .explanation import Explanation, Loop, Part
from .mathml import mathml

SCRIPT = "themeButton();"


def fragment(explanation: Explanation) -> str:
    """For a notebook: with its own styles, in the notebook's colours."""
    return f"<style>{_style()}</style>{_body(explanation, 'h3')}"


def write(explanation: Explanation, path: str | os.PathLike[str]) -> None:
    """The page. Raises FileError."""
    button = '<button id="theme" type="button">Theme</button>'
    head = f'<div class="title explained"><h1>{escape(explanation.title)}</h1>{button}</div>'
    page = document(explanation.title, f"<main>{head}{_body(explanation, 'h2')}</main>", _style(), [SCRIPT], None)
    try:
        Path(path).write_text(page, encoding="utf-8")
    except OSError as error:
        raise FileError(f"explain: the page cannot be written to {os.fspath(path)!r}: {error.strerror}") from error


def _style() -> str:
    return text(__package__ or "", "explanation.css")


def _body(explanation: Explanation, heading: str) -> str:
    title = "" if heading == "h2" else f"<{heading}>{escape(explanation.title)}</{heading}>"
    if not explanation.parts:
        title += "<p>No loop runs: the output is the input's memory, in another shape.</p>"
    return f'<div class="explanation">{title}{"".join(_part(part, heading) for part in explanation.parts)}</div>'


def _part(part: Part, heading: str) -> str:
    prefix = "numbanet.kernels." if part.contract else ""
    pieces = [f"<{heading}><code>{escape(prefix + part.operation)}</code></{heading}>"]
    if part.contract:
        pieces.append(_contract(part.contract))
    pieces += [_loop(loop, part) for loop in part.loops]
    return f"<section>{''.join(pieces)}</section>"


def _contract(contract: Contract) -> str:
    """All of its paragraphs, in their order."""
    pieces = []
    for paragraph in contract.paragraphs:
        blocks = list(paragraph.blocks)
        while blocks:
            block = blocks.pop(0)
            if block.equation:
                run = [block]
                while blocks and blocks[0].equation:
                    run.append(blocks.pop(0))
                pieces.append(_equations(contract, run))
            elif block.kind == "display":
                pieces.append(f"<pre>{escape(chr(10).join(block.lines))}</pre>")
            else:
                pieces.append(f'<p class="prose">{escape(" ".join(block.lines))}</p>')
    return "".join(pieces)


def _equations(contract: Contract, blocks: list[Block]) -> str:
    rows = []
    for block in blocks:
        equation = block.equation
        if equation:
            name = f"{contract.operation}-{equation.label}"
            rows.append(f'<dt id="{name}">{equation.label}</dt><dd>{mathml(equation.text, contract.names)}</dd>')
    return f'<dl class="equations">{"".join(rows)}</dl>'


def _loop(loop: Loop, part: Part) -> str:
    known = part.contract.equations if part.contract else {}
    where = f'<span class="where">{escape(loop.file)}, line {loop.line}</span>'
    worked = ""
    for run in loop.runs:
        worked += f'<p class="prose">for <code>{escape(run.purpose)}</code>:</p>' if run.purpose else ""
        worked += "".join(f'<pre class="worked">{escape(str(each))}</pre>' for each in run.worked)
    return f"<h4><code>{escape(loop.name)}</code> {where}</h4>{_source(loop, part.operation, set(known))}{worked}"


def _source(loop: Loop, operation: str, labels: set[str]) -> str:
    """The source, line by line; the labels in its comments lead to their equations."""
    lines = []
    for number, line in enumerate(highlighted(loop.source)):
        cited = [label for label in re.findall(r"\b[FBU]\d+\b", line) if label in labels]
        for label in dict.fromkeys(cited):
            line = re.sub(rf"\b{label}\b", f'<a href="#{operation}-{label}">{label}</a>', line)
        marked = " cites" if cited else ""
        lines.append(f'<span class="line{marked}"><span class="number">{loop.line + number:5d}  </span>{line}</span>')
    return f'<pre tabindex="0" aria-label="Source of {escape(loop.name)}"><code>{"".join(lines)}</code></pre>'


def highlighted(source: str) -> list[str]:
    """Python's source as lines of HTML, with its keywords and comments marked."""
    lines = source.rstrip("\n").split("\n")
    marks: dict[int, list[tuple[int, int, str]]] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_keyword = token.type == tokenize.NAME and keyword.iskeyword(token.string)
        kind = "comment" if token.type == tokenize.COMMENT else "keyword" if is_keyword else ""
        if kind:
            marks.setdefault(token.start[0], []).append((token.start[1], token.end[1], kind))
    found = []
    for number, line in enumerate(lines, start=1):
        pieces, end = [], 0
        for start, stop, kind in marks.get(number, []):
            pieces.append(escape(line[end:start]) + f'<span class="{kind}">{escape(line[start:stop])}</span>')
            end = stop
        found.append("".join(pieces) + escape(line[end:]))
    return found
