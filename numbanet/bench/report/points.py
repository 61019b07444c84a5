"""What the page's scripts draw: numbers for the axes, and in words what is said of each point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..results import KernelRow, Results, StepRow
from .columns import KERNELS, TRAINING, Column, caches, timed
from .series import FAMILIES, OTHER, all_series, family

_OF_KERNELS = "GFLOP/s", "GB/s", "FLOPs/byte", "share", "bound", "median us", "spread"
_OF_STEPS = "samples/s", "step us", "spread", "bound", "share"


def plot_data(results: Results) -> dict[str, Any]:
    """Of finite numbers and strings alone, for JSON."""
    series = all_series(results)
    place = {(s.device, s.threads, s.dtype): k for k, s in enumerate(series)}

    def where(row: Any) -> int:
        return place[row.device, row.threads, row.dtype]

    rows = [row for row in timed(results.kernels) if math.isfinite(row.gbs) and row.gbs > 0]
    return {
        "series": [{"label": s.label, "color": s.color} for s in series],
        "families": [*FAMILIES, OTHER],
        "roofs": [
            {"series": where(r), "gflops": r.gflops, "gbs": r.gbs, "caches": [gbs for _, gbs in caches(r)]}
            for r in (results.roof(s.device, s.threads, s.dtype) for s in series)
            if r
        ],
        "kernels": [_kernel(row, where(row)) for row in rows],
        "training": [
            {"model": model, "points": [_step(row, where(row)) for row in results.training if row.model == model]}
            for model in dict.fromkeys(row.model for row in results.training)
        ],
    }


def _kernel(row: KernelRow, series: int) -> dict[str, Any]:
    """A point of the roofline, or with y = 0 of the plot beside it."""
    return {
        "series": series,
        "family": [*FAMILIES, OTHER].index(family(row.operation)),
        "operation": row.operation,
        "x": row.intensity,
        "y": row.gflops,
        "gbs": row.gbs,
        "name": row.name,
        "lines": _lines(KERNELS, _OF_KERNELS, row),
    }


def _step(row: StepRow, series: int) -> dict[str, Any]:
    name = f"{row.model}, batch {row.batch}"
    return {
        "series": series,
        "x": row.batch,
        "y": row.samples_per_second,
        "name": name,
        "lines": _lines(TRAINING, _OF_STEPS, row),
    }


def _lines(columns: Sequence[Column], said: Sequence[str], row: Any) -> list[str]:
    """What a tooltip says below the name."""
    cells = {column.title: column.cell(row) for column in columns}
    return [f"{title}: {cells[title]}" for title in said if cells[title]]
