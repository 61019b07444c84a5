"""How large gradients and outputs are from layer to layer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import positive_integer
from ..errors import ArgumentError, StateError
from ..figures import new_figure
from ..model import Sequential
from ..teach import layer_output
from .page import SMALL, SOFT, WIDTH, save


def gradient_flow(model: Sequential, x: Any, y: Any, path: str | os.PathLike[str]) -> Path:
    """Draw the mean and the largest magnitude of the loss's gradient by each layer's parameters; returns the path.

    x, y: one batch; nothing is updated. The axis is logarithmic: bars that shrink upwards by the same length from layer
    to layer are gradients that vanish exponentially, bars that grow are gradients that explode. A layer whose gradient
    is zero everywhere, such as one of dead units, has no bar and says so.

    Raises MissingDependency without matplotlib, StateError where nothing is trained, and what `model.gradients` raises.
    """
    loss, gradients = model.gradients(x, y)
    slots = model._built("gradient_flow").trained
    if not slots:
        raise StateError("gradient_flow: expected a model with layers that are trained, received one without.")
    layers: dict[str, list[Any]] = {}
    for slot, gradient in zip(slots, gradients, strict=True):
        layers.setdefault(slot.layer, []).append(np.abs(gradient.astype(np.float64)).ravel())
    means = [float(np.concatenate(parts).mean()) for parts in layers.values()]
    tops = [float(np.concatenate(parts).max()) for parts in layers.values()]
    figure = new_figure(WIDTH, 1.4 + 0.36 * len(layers))
    axes = figure.add_subplot()
    rows = np.arange(len(layers))
    for label, values, height, color in (("largest", tops, 0.72, "#a6cee3"), ("mean", means, 0.44, "#1f78b4")):
        shown = [value if np.isfinite(value) and value > 0 else np.nan for value in values]
        axes.barh(rows, shown, height, color=color, label=label)
    positive = [value for value in means if np.isfinite(value) and value > 0]
    low = min(positive, default=1e-1) / 10
    high = max((value for value in tops if np.isfinite(value)), default=0.0) or 1.0
    for row, value in enumerate(means):
        if value == 0 or not np.isfinite(value):
            axes.text(low * 1.2, row, "zero" if value == 0 else "not finite", va="center", fontsize=SMALL, color=SOFT)
    axes.set(
        xscale="log", xlim=(low, high * 3), ylim=(len(layers) - 0.5, -0.5), xlabel="|dL/dw|, of the layer's parameters"
    )
    axes.set_yticks(rows, list(layers))
    axes.grid(axis="x", alpha=0.3)
    axes.set_title(f"gradients from the first layer to the last, loss {loss:.4g}", fontsize=10)
    figure.legend(loc="outside lower right", ncols=2, frameon=False, fontsize=SMALL)
    return save(figure, path)


def activations(
    model: Sequential, x: Any, path: str | os.PathLike[str], layers: Sequence[str] | None = None, bins: int = 60
) -> Path:
    """Draw a histogram of each layer's outputs for samples x, as in prediction, to a file; returns its path.

    layers: their names; without them all. Each says which share of its outputs is exactly zero, as of a ReLU that is
    shut, its mean and its standard deviation; where all outputs pile up at an activation's ends, it is saturated.

    The model must be built. Raises MissingDependency without matplotlib, and what `nn.teach.layer_output` raises.
    """
    bins = positive_integer("activations", "bins", bins)
    names = [str(layer.name) for layer in model.layers] if layers is None else list(layers)
    if not names:
        raise ArgumentError("activations: layers must be names of layers. Received: none")
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(max(2.6 * columns, 3.6), 2.1 * rows)
    for place, name in enumerate(names):
        a = layer_output(model, x, name).astype(np.float64).ravel()
        axes = figure.add_subplot(rows, columns, place + 1)
        axes.hist(a, bins, color="#1f78b4")
        axes.set_title(name, fontsize=9, loc="left")
        facts = f"{np.mean(a == 0):.0%} zero\nmean {a.mean():.3g}\nstd {a.std():.3g}"
        axes.text(0.98, 0.95, facts, transform=axes.transAxes, ha="right", va="top", fontsize=SMALL, color=SOFT)
        axes.tick_params(labelsize=SMALL)
        axes.set_yscale("log")
    figure.supxlabel("output", fontsize=9)
    figure.supylabel("how many", fontsize=9)
    return save(figure, path)
