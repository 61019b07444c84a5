"""The loop of a step, line by line with the equations it cites, and the contract it comes from."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from types import FunctionType
from typing import Any

from ...kernels import Kernel
from ...kernels._plain import textbook
from ..explaining.contract import Contract, contract
from ..explaining.mathml import mathml

CITED = re.compile(r"#.*?\b[FBU]\d+\b")
LABEL = re.compile(r"\b[FBU]\d+\b")
SHAPED = re.compile(r"((?:\w+(?:, and |, | and ))*\w+)\s+\(([^()]*)\)")  # "z and dz (N, T, 4H)"
QUIET = "shape", "size", "ndim", "dtype"  # what may be asked of an array without reading its elements


def contract_of(kernel: Kernel) -> Contract | None:
    """The contract that a kernel of the library keeps; a loop of your own has none."""
    module = kernel.function.__module__.split(".")
    return contract(module[2]) if module[:2] == ["numbanet", "kernels"] else None


def axes(found: Contract | None, name: str, rank: int) -> tuple[str, ...]:
    """The names of an array's axes by the contract, or none: those of dw are those of w."""
    text = " ".join(found.shapes.split()) if found else ""
    given = [(re.split(r", and |, | and ", m[1]), _split(m[2])) for m in SHAPED.finditer(text)]
    for wanted in (name, name.removeprefix("d")):
        for names, parts in given:
            if wanted in names and len(parts) == rank:
                return parts
    return ()


def _split(inside: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in inside.split(",") if part.strip())


def reads(kernel: Kernel) -> set[str]:
    """The parameters that the loop reads before it writes them, going by its lines; all, without a source."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(textbook(kernel).function)))
    except OSError:
        return set(kernel.parameters)
    first = _First()
    first.visit(tree)
    return {name for name in kernel.parameters if first.found.get(name) == "read"}


class _First(ast.NodeVisitor):
    """Whether a name's elements are read or written first, in the order in which statements do it."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def visit_Assign(self, node: ast.Assign) -> None:
        for part in (node.value, *node.targets):
            self.visit(part)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if isinstance(node.target, ast.Subscript):
            self.visit(node.target.value)
        self.visit(node.target)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr not in QUIET:
            self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.slice)
        if isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
            self.found.setdefault(node.value.id, "written")
        else:
            self.visit(node.value)

    def visit_Name(self, node: ast.Name) -> None:
        self.found.setdefault(node.id, "read")


def source(kernel: Kernel) -> dict[str, Any]:
    """The textbook's loop: {name, lines, cites, belongs}, and the helpers it calls, {name, lines}.

    cites: for each line the equations that a comment in it names. belongs: those named by the comment above it.
    """
    function = textbook(kernel).function
    lines = _lines(function)
    cites = [LABEL.findall(line[line.index("#") :]) if CITED.search(line) else [] for line in lines]
    helpers = [{"name": helper.__name__, "lines": _lines(helper)} for helper in _helpers(function)]
    return {
        "name": f"{function.__module__}.{function.__qualname__}",
        "lines": lines,
        "cites": cites,
        "belongs": _belongs(lines, cites),
        "helpers": helpers,
    }


def _lines(function: Any) -> list[str]:
    try:
        return inspect.getsource(function).rstrip("\n").split("\n")
    except OSError:
        return ["# The source of this loop is not at hand."]


def _belongs(lines: list[str], cites: list[list[str]]) -> list[list[str]]:
    """A comment holds for what follows it and is not set in less, up to the next one."""
    found: list[list[str]] = []
    labels: list[str] = []
    depth = 0
    for line, cited in zip(lines, cites, strict=True):
        bare = line.lstrip()
        if bare.startswith("#") and cited:
            labels, depth = cited, len(line) - len(bare)
        elif bare and len(line) - len(bare) < depth:
            labels = []
        found.append(labels)
    return found


def _helpers(function: Any) -> list[Any]:
    """The functions of the library that a loop calls."""
    named = [function.__globals__.get(name) for name in function.__code__.co_names]
    plain = [getattr(value, "py_func", value) for value in named]
    return [f for f in plain if isinstance(f, FunctionType) and f.__module__.startswith("numbanet.kernels.")]


def equations(found: Contract) -> dict[str, Any]:
    """The contract as the page shows it: {operation, title, source, equations, tables}.

    tables: lines that are set in and have no label, such as the list of the activations' derivatives.
    """
    blocks = [block for paragraph in found.paragraphs for block in paragraph.blocks]
    return {
        "operation": found.operation,
        "title": " ".join(found.title.split()),
        "source": " ".join(found.source.split()),
        "equations": [
            {
                "label": equation.label,
                "passes": equation.passes,
                "condition": equation.condition,
                "text": equation.text,
                "math": mathml("\n".join(equation.lines), found.names),
            }
            for equation in found.equations.values()
        ],
        "tables": [list(block.lines) for block in blocks if block.kind == "display"],
    }
