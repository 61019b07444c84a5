"""Arrays in words: a table of their shapes and ranges, and the numbers of small ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

FEW = 6  # numbers that stand in a line of the overview


def overview(layers: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    """A line for each array of each layer: its shape, and either its numbers or the least, largest and mean of them."""
    lines = [("layer", "name", "shape", "min", "max", "mean", "")]
    for layer, arrays in layers:
        for k, (name, a) in enumerate(arrays.items()):
            lines.append((layer if k == 0 else "", name, shape(a), *_range(a), _few(a)))
    widths = [max(len(line[k]) for line in lines) for k in range(6)]
    left = [True, True, True, False, False, False]
    return [
        "  ".join(
            [*(t.ljust(w) if at else t.rjust(w) for t, w, at in zip(line[:6], widths, left, strict=True)), line[6]]
        ).rstrip()
        for line in lines
    ]


def arrays(named: dict[str, Any]) -> list[str]:
    """Each array with its numbers, without signs of zeros; of a large one those at its corners."""
    width = max(map(len, named), default=0)
    lines = []
    for name, a in named.items():
        text = np.array2string(a + a.dtype.type(0), precision=4, suppress_small=True, threshold=60, edgeitems=2)
        lines += [f"  {name.ljust(width)} {shape(a)}", *(f"    {line}" for line in text.splitlines())]
    return lines


def shape(a: Any) -> str:
    """(4, 3) -> "(4, 3)"."""
    return str(tuple(a.shape))


def argument(name: str, value: Any) -> str:
    """A kernel's argument: an array by its shape, a number as it is."""
    return f"{name} {shape(value)}" if hasattr(value, "shape") else f"{name}={value}"


def _range(a: Any) -> tuple[str, str, str]:
    """Min, max and mean of the numbers that are not NaN."""
    numbers = np.asarray(a, np.float64)
    numbers = numbers[~np.isnan(numbers)]
    if not numbers.size:
        return ("", "", "")
    with np.errstate(all="ignore"):  # the mean of infinities
        low, high, mean = numbers.min() + 0.0, numbers.max() + 0.0, numbers.mean() + 0.0  # no -0
    return f"{low:.4g}", f"{high:.4g}", f"{mean:.4g}"


def _few(a: Any) -> str:
    """The numbers of a tiny array, or how many of a larger one are NaN."""
    if a.size <= FEW:
        return "[" + " ".join(f"{v:.4g}" for v in a.reshape(-1).tolist()) + "]"
    missing = int(np.isnan(np.asarray(a, np.float64)).sum())
    return f"{missing} NaN" if missing else ""
