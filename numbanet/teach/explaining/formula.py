"""The small language of the contracts' equations, read into a tree: y[n, o] = b[o] + sum over i of x[n, i] w[i, o].

What it knows: names with subscripts in brackets, primes and underscores; numbers; + - * /, a product as two things side
by side, powers with ^; sqrt(...), |...|, other functions; "sum over i of", "max over c of"; =, +=, <, <=, >, >=;
several of these with commas between. A part that it does not understand is words, and stays as it stands: a line is
never changed to make it fit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

GREEK: tuple[str, ...] = ("alpha", "beta", "gamma", "delta", "epsilon", "rho", "sigma", "tau", "phi", "Phi", "pi")
FUNCTIONS: tuple[str, ...] = (
    "argmax",
    "ceil",
    "clip",
    "cos",
    "elu",
    "exp",
    "floor",
    "ln",
    "log",
    "log1p",
    "max",
    "min",
)
FUNCTIONS += ("sign", "sin", "softplus", "sqrt", "step", "tanh")
RELATIONS = ("=", "+=", "<", "<=", ">", ">=")
TOKEN = re.compile(
    r"(?P<word>[A-Za-z]?\w*'s\b)"
    r"|(?P<sum>(?:sum|max) over .*? of )"
    r"|(?P<number>\d+(?:\.\d+)?(?:e-?\d+)?)"
    r"|(?P<name>[A-Za-z]\w*'*)"
    r"|(?P<sign>\+=|<=|>=|[-+*/^=<>|()\[\],:;])"
    r"|(?P<space>\s+)"
    r"|(?P<other>.)"
)


@dataclass(frozen=True)
class Node:
    """A piece of a formula.

    kind: "text", "name", "function", "number", "sign", "space", whose text it has, or one made of parts: "row"; "sub"
    (what, then its indices); "power" (base, exponent); "fraction" (numerator, denominator); "sqrt"; "group", in the
    brackets of its text; "big" (the index of a sum or maximum, whose name is its text).
    """

    kind: str
    text: str = ""
    parts: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Token:
    kind: str
    text: str


class _NoFormula(Exception):
    """What stands here is words."""


def parse(text: str, names: frozenset[str] = frozenset()) -> Node:
    """A line of an equation as a tree.

    names: those that the equation may use, beside single letters, functions, Greek letters and what has a subscript or
    an underscore: other words are words.
    """
    pieces: list[Node] = []
    even = re.sub(r" {2,}(?=(?:\+?=|[<>]=?) )|(?<= [<>=]) {2,}", " ", text)  # without the spaces that line signs up
    for run in _runs(_tokens(even), names):
        pieces.append(_formula(run) if isinstance(run, list) else Node("text", run))
    return Node("row", "", tuple(pieces))


def _tokens(text: str) -> list[Token]:
    return [Token(m.lastgroup or "", m.group()) for m in TOKEN.finditer(text)]


def _runs(tokens: list[Token], names: frozenset[str]) -> list[list[Token] | str]:
    """Formulas as lists of tokens, and the words between them."""
    runs: list[list[Token] | str] = []
    depth = 0  # of the brackets of subscripts, in which a colon is a whole axis
    for number, token in enumerate(tokens):
        depth += (token.text == "[") - (token.text == "]")
        following = tokens[number + 1].text[:1] if number + 1 < len(tokens) else ""
        words = token.kind in ("other", "word") or (token.kind == "name" and not _is_name(token.text, following, names))
        words = words or (token.kind == "space" and len(token.text) > 1) or (token.text in (":", ";") and not depth)
        last = runs[-1] if runs else None
        if words:
            if isinstance(last, str):
                runs[-1] = last + token.text
            else:
                runs.append(token.text)
        elif isinstance(last, list):
            last.append(token)
        else:
            runs.append([token])
    return _joined(runs)


def _joined(runs: list[list[Token] | str]) -> list[list[Token] | str]:
    """Without formulas that are a lone word between words: the "a" of "a NaN", a comma."""
    found: list[list[Token] | str] = []
    for number, run in enumerate(runs):
        if isinstance(run, list):
            between = number > 0 or len(runs) > 1
            text = "".join(token.text for token in run)
            lone = not any(token.kind in ("name", "number", "sum") for token in run)
            word = text.strip(" ,")
            ordinary = word in ("a", "i", "A", "I", "E") or (number > 0 and len(word) > 2 and word.isalpha())
            lone = lone or (between and ordinary)
            run = text if lone else run
        if isinstance(run, str) and found and isinstance(found[-1], str):
            found[-1] += run
        else:
            found.append(run)
    return found


def _is_name(text: str, following: str, names: frozenset[str]) -> bool:
    bare = text.rstrip("'")
    known = bare in names or bare in GREEK or bare in FUNCTIONS or (len(bare) == 2 and bare.isupper())
    return known or len(bare) == 1 or "_" in bare or following == "["


def _formula(tokens: list[Token]) -> Node:
    """A run of tokens as a formula, or as the words that they are."""
    text = "".join(token.text for token in tokens)
    before, bare, after = re.fullmatch(r"([ ,]*)(.*?)( \+?= |[ ,]*)", text).groups()  # type: ignore[union-attr]
    try:
        reader = _Reader(_tokens(bare))
        middle = reader.relations()
        if not reader.at_end():
            raise _NoFormula
    except _NoFormula:
        return Node("text", text)
    parts = [Node("text", before)] if before else []
    parts += [middle, *([Node("text", after)] if after else [])]
    return Node("row", "", tuple(parts))


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.place, self.bars = tokens, 0, 0

    def at_end(self) -> bool:
        return self.place == len(self.tokens)

    def peek(self, ahead: int = 0) -> Token:
        place = self.place + ahead
        return self.tokens[place] if place < len(self.tokens) else Token("end", "")

    def take(self) -> Token:
        token = self.peek()
        self.place += 1
        return token

    def skip(self) -> bool:
        """Spaces; whether there were any."""
        start = self.place
        while self.peek().kind == "space":
            self.place += 1
        return self.place > start

    def expect(self, text: str) -> None:
        self.skip()
        if self.take().text != text:
            raise _NoFormula

    def relations(self, closing: str = "") -> Node:
        """Expressions with relations and commas between them, up to a closing bracket."""
        self.skip()
        parts = [Node("sign", self.take().text)] if self.peek().text in RELATIONS else []
        parts.append(self.sum())
        while True:
            self.skip()
            token = self.peek()
            if token.text in (*RELATIONS, ","):
                parts.append(Node("sign", self.take().text))
                parts.append(self.sum())
            elif token.text == closing or token.kind == "end":
                return _row(parts)
            else:
                raise _NoFormula

    def sum(self) -> Node:
        """Products with + and - between them; a lone colon stands for a whole axis."""
        self.skip()
        if self.peek().text == ":":
            return Node("sign", self.take().text)
        parts: list[Node] = []
        if self.peek().text == "-":
            parts.append(Node("sign", self.take().text))
        parts.append(self.product())
        while True:
            self.skip()
            if self.peek().text not in ("+", "-"):
                return _row(parts)
            parts.append(Node("sign", self.take().text))
            parts.append(self.product())

    def product(self) -> Node:
        """Factors side by side; those before a / are its numerator, one factor behind it its denominator."""
        done: list[Node] = []
        open_: list[Node] = []
        while True:
            self.skip()
            token = self.peek()
            if token.kind == "sum":
                index = re.fullmatch(r"(\w+) over (.*) of ", self.take().text)
                if not index:
                    raise _NoFormula
                done += [*open_, Node("big", index[1], (_index(index[2]),))]
                open_ = []
            elif token.text == "*" and (open_ or done):
                done += [*open_, Node("sign", self.take().text)]
                open_ = []
            elif token.text == "/" and open_:
                self.take()
                done.append(Node("fraction", "", (_bare(_row(open_, "product")), _bare(self.denominator()))))
                open_ = []
            elif token.kind in ("name", "number") or token.text in ("(", "[") or (token.text == "|" and not self.bars):
                open_.append(self.power())
            elif open_ or (done and done[-1].kind == "fraction"):
                return _row([*done, *open_], "product")
            else:
                raise _NoFormula

    def denominator(self) -> Node:
        """One factor, or a sum over something."""
        self.skip()
        return self.product() if self.peek().kind == "sum" else self.power()

    def power(self) -> Node:
        base = self.factor()
        if self.peek().text != "^":
            return base
        self.take()
        minus = [Node("sign", self.take().text)] if self.peek().text == "-" else []
        exponent = _row([*minus, self.factor()])
        return Node("power", "", (base, exponent))

    def factor(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return Node("number", token.text)
        if token.text in ("(", "["):
            return self.group(token.text, ")" if token.text == "(" else "]")
        if token.text == "|":
            self.bars += 1
            inner = self.sum()
            self.bars -= 1
            self.expect("|")
            return Node("group", "||", (inner,))
        if token.kind != "name":
            raise _NoFormula
        return self.named(token.text)

    def group(self, opening: str, closing: str) -> Node:
        bars, self.bars = self.bars, 0
        inner = self.relations(closing)
        self.expect(closing)
        self.bars = bars
        return Node("group", opening + closing, (inner,))

    def named(self, name: str) -> Node:
        """A name with what belongs to it: subscripts, or the arguments of a function."""
        node = Node("function" if name in FUNCTIONS else "name", name)
        if self.peek().text == "[":
            self.take()
            indices = self.relations("]")
            self.expect("]")
            return Node("sub", "", (node, indices))
        if self.peek().text == "(":
            self.take()
            argument = self.group("(", ")")
            if name == "sqrt":
                return Node("sqrt", "", argument.parts)
            return Node("row", "call", (node, argument))
        return node


def _index(text: str) -> Node:
    """What a sum is over: letters with commas between them, or words."""
    try:
        reader = _Reader(_tokens(text))
        found = reader.relations()
    except _NoFormula:
        return Node("text", text)
    words = [word for word in re.findall(r"[A-Za-z]\w*", text) if len(word) > 1]
    return found if reader.at_end() and " " not in text.replace(", ", "") and not words else Node("text", text)


def _bare(node: Node) -> Node:
    """Without the brackets that a fraction's line makes needless."""
    return node.parts[0] if node.kind == "group" and node.text == "()" else node


def _row(parts: list[Node], text: str = "") -> Node:
    return parts[0] if len(parts) == 1 else Node("row", text, tuple(parts))
