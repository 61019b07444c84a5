"""In what two configurations differ first, in one line."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

NOTHING = object()  # where only the other has something


def first_difference(theirs: Any, mine: Any, path: str = "") -> str | None:
    """Such as "layers[1] (Dense 'dense') units is 16, this model has 17"; None where they are the same.

    theirs, mine: what JSON holds; an object is {"class_name": ..., "config": ...}.
    """
    if theirs == mine:
        return None
    if _is_object(theirs) and _is_object(mine) and theirs["class_name"] == mine["class_name"]:
        return first_difference(theirs["config"], mine["config"], path)
    if isinstance(theirs, dict) and isinstance(mine, dict) and not (_is_object(theirs) or _is_object(mine)):
        pairs = [(_inside(path, key), theirs.get(key, NOTHING), mine.get(key, NOTHING)) for key in {**mine, **theirs}]
    elif _is_list_of_objects(theirs) and _is_list_of_objects(mine):
        both = zip_longest(theirs, mine, fillvalue=NOTHING)
        pairs = [(_numbered(path, place, *pair), *pair) for place, pair in enumerate(both)]
    else:
        return f"{path} is {_text(theirs, 'not there')}, this model has {_text(mine, 'none')}"
    return next(found for where, a, b in pairs if (found := first_difference(a, b, where)))


def _inside(path: str, key: str) -> str:
    separator = " " if path.endswith(")") else "."
    return f"{path}{separator}{key:.100}" if path else f"{key:.100}"


def _numbered(path: str, place: int, theirs: Any, mine: Any) -> str:
    """An object in a list by its number, and by its class and its name where both have them."""
    is_same_class = _is_object(theirs) and _is_object(mine) and theirs["class_name"] == mine["class_name"]
    return f"{path}[{place}]" + (f" ({_text(theirs)})" if is_same_class else "")


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"class_name", "config"}


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and any(map(_is_object, value))


def _text(value: Any, nothing: str = "") -> str:
    if value is NOTHING:
        return nothing
    if not _is_object(value):
        return f"{value!r:.100}"
    name = value["config"].get("name") if isinstance(value["config"], dict) else None
    return f"{value['class_name']:.100}" + (f" {name!r:.100}" if name else "")
