"""Equations as MathML, for notebooks and pages, and as LaTeX, for the book."""

from __future__ import annotations

import re
from html import escape

from .formula import GREEK, Node, parse

LETTERS = dict(zip(GREEK, "αβγδερστϕΦπ", strict=True))
SIGNS = {"-": "−", "*": "·", "<=": "≤", ">=": "≥"}  # noqa: RUF001
LATEX_SIGNS = {"*": r"\cdot", "<=": r"\le", ">=": r"\ge", "+=": r"\mathrel{+}="}
LATEX_FUNCTIONS = ("cos", "exp", "ln", "log", "max", "min", "sin", "tanh")
BIG = {"sum": "∑", "max": "max"}


def mathml(text: str, names: frozenset[str] = frozenset()) -> str:
    """An equation, of a line or several, as a <math> element; names: as in formula.parse."""
    lines = [_mathml(parse(line, names)) for line in text.split("\n")]
    rows = "".join(f'<mtr><mtd style="text-align: left">{line}</mtd></mtr>' for line in lines)
    body = f'<mtable displaystyle="true">{rows}</mtable>' if len(lines) > 1 else lines[0]
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" displaystyle="true">{body}</math>'


def latex(text: str, names: frozenset[str] = frozenset()) -> str:
    r"""An equation in LaTeX, without the signs that begin and end its mode; words are in \text."""
    lines = [re.sub(r" {2,}", " ", _latex(parse(line, names))).strip() for line in text.split("\n")]
    if len(lines) == 1:
        return lines[0]
    rows = r" \\ & ".join(lines)
    return rf"\begin{{aligned}} & {rows} \end{{aligned}}"


def _mathml(node: Node) -> str:
    parts = [_mathml(part) for part in node.parts]
    if node.kind == "text":
        words = re.sub(r" {2,}", "   ", node.text)  # what lines up with other lines needs no more than a gap
        return f"<mtext>{escape(words).replace(' ', '&#160;')}</mtext>"
    if node.kind == "number":
        return f"<mn>{node.text}</mn>"
    if node.kind == "sign":
        return f"<mo>{escape(SIGNS.get(node.text, node.text))}</mo>"
    if node.kind in ("name", "function"):
        return _name(node.text)
    if node.kind == "sub":
        return f"<msub>{_one(parts[0])}{_one(parts[1])}</msub>"
    if node.kind == "power":
        return f"<msup>{_one(parts[0])}{_one(parts[1])}</msup>"
    if node.kind == "fraction":
        return f"<mfrac>{_one(parts[0])}{_one(parts[1])}</mfrac>"
    if node.kind == "sqrt":
        return f"<msqrt>{parts[0]}</msqrt>"
    if node.kind == "group":
        opening, closing = node.text[0], node.text[1]
        return f'<mrow><mo fence="true">{opening}</mo>{parts[0]}<mo fence="true">{closing}</mo></mrow>'
    if node.kind == "big":
        return f"<munder><mo>{BIG[node.text]}</mo>{_one(parts[0])}</munder>"
    space = '<mspace width="0.17em"/>' if node.text == "product" else ""
    return f"<mrow>{space.join(parts)}</mrow>"


def _one(text: str) -> str:
    """Where MathML counts its children: one element."""
    return f"<mrow>{text}</mrow>"


def _name(text: str) -> str:
    """A letter, or a word; beta_1 has a subscript, and sigma' a prime."""
    bare = text.rstrip("'")
    primes = "′" * (len(text) - len(bare))  # noqa: RUF001
    base, _, index = bare.partition("_")
    if index and (len(base) == 1 or base in LETTERS):
        found = f"<msub><mi>{LETTERS.get(base, base)}</mi><mi>{index}</mi></msub>"
    else:
        found = f"<mi>{LETTERS.get(bare, bare)}</mi>"
    return f"<msup>{found}<mo>{primes}</mo></msup>" if primes else found


def _latex(node: Node) -> str:
    parts = [_latex(part) for part in node.parts]
    if node.kind == "text":
        return rf"\text{{{_escaped(node.text)}}}"
    if node.kind == "number":
        return re.sub(r"e(-?\d+)", r" \\cdot 10^{\1}", node.text)
    if node.kind == "sign":
        return f" {LATEX_SIGNS.get(node.text, node.text)} "
    if node.kind in ("name", "function"):
        return _latex_name(node.text)
    if node.kind == "sub":
        return f"{parts[0]}_{{{parts[1]}}}" if "_" not in parts[0] else f"{{{parts[0]}}}_{{{parts[1]}}}"
    if node.kind == "power":
        return f"{{{parts[0]}}}^{{{parts[1]}}}"
    if node.kind == "fraction":
        return rf"\frac{{{parts[0]}}}{{{parts[1]}}}"
    if node.kind == "sqrt":
        return rf"\sqrt{{{parts[0]}}}"
    if node.kind == "group":
        return rf"\left{node.text[0]}{parts[0]}\right{node.text[1]}"
    if node.kind == "big":
        return rf"\{node.text}_{{{parts[0]}}} "
    return r" \, ".join(parts) if node.text == "product" else " ".join(parts)


def _latex_name(text: str) -> str:
    bare = text.rstrip("'")
    primes = text[len(bare) :]
    base, _, index = bare.partition("_")
    if index and (len(base) == 1 or base in LETTERS):
        return rf"{_latex_name(base)}_{{\mathrm{{{_escaped(index)}}}}}{primes}"
    if bare in LETTERS:
        return rf"\{bare}{primes}"
    if bare in LATEX_FUNCTIONS:
        return rf"\{bare}{primes}"
    return bare + primes if len(bare) == 1 else rf"\mathrm{{{_escaped(bare)}}}{primes}"


def _escaped(text: str) -> str:
    """Words as LaTeX takes them."""
    marks = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
    return re.sub(r"[\\^~_%&#${}]", lambda m: marks.get(m.group(), f"\\{m.group()}"), text)
