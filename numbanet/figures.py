"""A figure of matplotlib, where it is installed."""

from __future__ import annotations

from typing import Any

from .errors import MissingDependency


def new_figure(width: float, height: float) -> Any:
    """An empty figure of so many inches, drawn without a screen. Raises MissingDependency without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependency("Plotting needs matplotlib. Install it: pip install 'numbanet[plot]'") from None
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure
