"""Loss and metrics as a command prints them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..progress import format_value


def lines(found: dict[str, Any], title: str) -> list[str]:
    """A line for the title and one for each value; an array, such as a confusion matrix, has one for each row."""
    width = max(map(len, found))
    rows = [f"{title}:"]
    for name, value in found.items():
        if np.ndim(value) == 0:
            rows.append(f"  {name:{width}}  {format_value(value)}")
        else:
            rows.append(f"  {name}")
            rows += [f"    {line}" for line in str(np.asarray(value)).splitlines()]
    return rows


def plain(found: dict[str, Any]) -> dict[str, Any]:
    """The values as JSON has them."""
    return {name: np.asarray(value).tolist() for name, value in found.items()}
