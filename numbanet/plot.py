"""Pictures, where matplotlib is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .callbacks import History
from .errors import MissingDependency


def _pyplot() -> Any:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependency("Plotting needs matplotlib. Install it: pip install 'numbanet[plot]'") from None
    return Figure, FigureCanvasAgg


def learning_curve(history: History, path: str | Path) -> Path:
    """Draw loss and metrics by epoch, training and validation, to a PNG file; returns its path.

    Raises MissingDependency without matplotlib.
    """
    figure_class, canvas = _pyplot()
    names = [n for n in history.history if not n.startswith("val_") and _is_curve(history.history[n])]
    figure = figure_class(figsize=(4.5 * len(names), 3.4), layout="constrained")
    canvas(figure)
    epochs = [epoch + 1 for epoch in history.epoch]
    for place, name in enumerate(names):
        axes = figure.add_subplot(1, len(names), place + 1)
        axes.plot(epochs, history.history[name], label="training")
        if f"val_{name}" in history.history:
            axes.plot(epochs, history.history[f"val_{name}"], label="validation")
        axes.set(xlabel="epoch", ylabel=name)
        axes.grid(alpha=0.3)
        axes.legend()
    path = Path(path)
    figure.savefig(path, dpi=120)
    return path


def _is_curve(values: list[Any]) -> bool:
    return all(isinstance(value, float) for value in values)
