"""The classes that a file may name: those that are defined, each by a name that means one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..config import subclasses
from ..initializers import Initializer
from ..layers.base import Layer
from ..losses import Loss
from ..metrics import Metric
from ..optimizers import Optimizer
from ..regularizers import Regularizer
from ..schedules import Schedule

BASES = (Layer, Initializer, Regularizer, Optimizer, Schedule, Loss, Metric)
MOST_OBJECTS = 10_000  # in a file: layers, their initializers, ...; so many are made in less than a second
MOST_TOGETHER = 512  # in a list: to give so many layers names that differ takes 0.05 s, and it grows with the square


def expect_known_classes(value: Any) -> None:
    """Every {"class_name": ...} in `value` names a class that is defined. Raises ValueError.

    A class must not have the name of one of numbanet's own: where only that one is defined, a file would quietly
    become another model.
    """
    names = set()
    for count, name in enumerate(_names(value), 1):
        if count > MOST_OBJECTS:
            raise ValueError(f"expected at most {MOST_OBJECTS} layers, initializers and others, found more")
        names.add(name)
    known: set[str] = set()
    for base in BASES:
        classes = subclasses(base)
        known |= {cls.__name__ for cls in classes}
        own = {cls.__name__ for cls in classes if _is_own(cls)}
        if taken := [cls for cls in classes if not _is_own(cls) and cls.__name__ in own & names]:
            raise ValueError(
                f"expected one class called {taken[0].__name__}, found numbanet's and that of {taken[0].__module__}. "
                "Give the latter another name."
            )
    if unknown := sorted(names - known):
        raise ValueError(
            f"expected classes that are defined, found {unknown[0]!r:.100}. Import the module that defines it first."
        )


def _is_own(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "numbanet"


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        if sum(isinstance(v, dict) for v in value) > MOST_TOGETHER:
            raise ValueError(f"expected at most {MOST_TOGETHER} layers in a list, found {len(value)}")
        for v in value:
            yield from _names(v)
    elif isinstance(value, dict):
        if "class_name" in value:
            yield str(value["class_name"])
        for v in value.values():
            yield from _names(v)
