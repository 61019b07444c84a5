"""Objects as plain values and back: {"class_name": "L2", "config": {"l2": 0.01}}."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .checks import choice
from .errors import ArgumentError


def plain(value: Any) -> Any:
    """An object with get_config as a dict of plain values; anything else as it is."""
    if not hasattr(value, "get_config"):
        return value
    return {"class_name": type(value).__name__, "config": value.get_config()}


def resolve(owner: str, argument: str, value: Any, base: type, names: Mapping[str, Any]) -> Any:
    """The object meant by a name, by what `plain` made, or by itself.

    `names` maps short names to things to call for an object; classes are also found by their own name.
    """
    if isinstance(value, base):
        return value
    if isinstance(value, str):
        return names[choice(owner, argument, value, names)]()
    if isinstance(value, dict) and set(value) == {"class_name", "config"}:
        classes = {c.__name__: c for c in subclasses(base)}
        cls = classes[choice(owner, argument, value["class_name"], classes)]
        return cls.from_config(value["config"]) if hasattr(cls, "from_config") else cls(**value["config"])
    raise ArgumentError(
        f"{owner}: {argument} must be a name or an object of class {base.__name__}. Received: {argument}={value!r}"
    )


def subclasses(base: Any) -> list[type]:
    """The class and all that were derived from it, but for those whose names begin with "_"."""
    found: list[type] = [base]
    for subclass in base.__subclasses__():
        found += subclasses(subclass)
    return [c for c in found if not c.__name__.startswith("_")]
