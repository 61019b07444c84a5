"""The table that model.summary() prints."""

from __future__ import annotations

import math

from .layers.base import batch_shape
from .network import Network


def summary_lines(name: str, network: Network, nbytes: int) -> list[str]:
    """Layers with output shapes and parameter counts, then totals."""
    rows = [("layer", "type", "output shape", "parameters")]
    for layer, d in zip(network.layers, network.descriptions, strict=True):
        count = sum(math.prod(p.shape) for p in d.parameters)
        rows.append((str(layer.name), type(layer).__name__, batch_shape(d.output_shape), f"{count:,}"))
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    lines = [f"{a:{widths[0]}}  {b:{widths[1]}}  {c:{widths[2]}}  {d:>{widths[3]}}" for a, b, c, d in rows]
    rule = "-" * len(lines[0])
    trained = sum(math.prod(slot.parameter.shape) for slot in network.trained)
    total = sum(math.prod(slot.parameter.shape) for slot in network.slots)
    fixed = f", {total - trained:,} of them fixed" if total != trained else ""
    batches = f" for batches of {network.capacity}" if network.capacity else ", without activations"
    return [
        f"{name}: input {batch_shape(network.input_shape)}, {network.dtype}, on {network.device.name}",
        rule,
        lines[0],
        rule,
        *lines[1:],
        rule,
        f"{total:,} parameters{fixed}; memory {nbytes / 1024:,.0f} KiB{batches}",
    ]
