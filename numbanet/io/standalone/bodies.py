"""The code of the operations: C functions in c/, Python functions in python/, and what each of them needs beside it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources
from typing import Any

from .python import activations, door, images, rows, sequences

ROOMS = (door, activations, rows, images, sequences)
PYTHON: dict[str, Callable[..., Any]] = {
    name: function
    for room in ROOMS
    for name, function in vars(room).items()
    if inspect.isfunction(function) and function.__module__ == room.__name__
}
IN_DOUBLE = (
    (r"\bfloat\b", "double"),
    (r"(\d\.\d+(?:e[-+]\d+)?)f\b", r"\1"),
    (r"\b(erfc|exp|expm1|fabs|floor|log|log1p|sqrt|tanh)f\b", r"\1"),
)


def python_function(body: str) -> Callable[..., Any]:
    """The NumPy body of that name."""
    return PYTHON[body]


def python_source(body: str) -> str:
    """A function of python/ as text."""
    return inspect.getsource(PYTHON[body])


@cache
def c_files() -> tuple[str, ...]:
    """The names of the C bodies and their helpers."""
    folder = resources.files(__package__) / "c"
    return tuple(sorted(entry.name.removesuffix(".c") for entry in folder.iterdir() if entry.name.endswith(".c")))


@cache
def c_source(body: str) -> str:
    """A file of c/, for float."""
    return (resources.files(__package__) / "c" / f"{body}.c").read_text(encoding="utf-8")


@cache
def c_parameters(body: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The name of a C function, and its parameters: (kind, name), with kinds "array", "function", "real" and "size"."""
    name, given = re.search(r"^static \w+ \*?(\w+)\((.*?)\)\n\{", c_source(body), re.DOTALL | re.MULTILINE).groups()  # type: ignore[union-attr]
    found = []
    for text in re.split(r",(?![^()]*\))", given):
        if function := re.match(r"\s*void \(\*(\w+)\)", text):
            found.append(("function", function[1]))
        else:
            kind = "array" if "*" in text else "real" if "float" in text else "size"
            found.append((kind, re.findall(r"\w+", text)[-1]))
    return name, tuple(found)


def in_double(source: str) -> str:
    """A C body for double."""
    for pattern, replacement in IN_DOUBLE:
        source = re.sub(pattern, replacement, source)
    return source


def c_with_needs(bodies: Iterable[str]) -> list[str]:
    """The C bodies, each after those that it calls."""
    files = {c_parameters(body)[0]: body for body in c_files()}
    return _ordered(bodies, lambda body: [files[w] for w in re.findall(r"\b(\w+)\(", c_source(body)) if w in files])


def python_with_needs(bodies: Iterable[str]) -> list[str]:
    """The Python functions, each after those that it calls or takes as default."""
    return _ordered(bodies, lambda body: [w for w in _names(body) if w in PYTHON])


@cache
def _names(body: str) -> tuple[str, ...]:
    """The names that a function refers to, but for its own variables."""
    own = PYTHON[body].__code__.co_varnames
    found = [node.id for node in ast.walk(ast.parse(python_source(body))) if isinstance(node, ast.Name)]
    return tuple(name for name in found if name not in own)


def _ordered(bodies: Iterable[str], needs: Callable[[str], Iterable[str]]) -> list[str]:
    found: list[str] = []

    def add(body: str) -> None:
        for other in needs(body):
            if other != body and other not in found:
                add(other)
        if body not in found:
            found.append(body)

    for body in sorted(bodies):
        add(body)
    return found
