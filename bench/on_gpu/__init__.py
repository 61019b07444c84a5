"""The sections of bench/gpu.py: each gives a list of items, and each item a row of its table.

items(machine) -> [Item(name, run)]; `run()` returns a dict of what was found, of JSON values. An item that cannot run
raises; the others go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Item:
    name: str
    run: Callable[[], dict[str, Any]]
