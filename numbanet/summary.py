"""The table that model.summary() prints."""

from __future__ import annotations

import math

from .layers.base import batch_shape
from .network import Network


def summary_lines(name: str, network: Network, sizes: dict[str, int]) -> list[str]:
    """Layers with output shapes and parameter counts, then totals. sizes: bytes, by what they hold."""
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
    return [
        f"{name}: input {batch_shape(network.input_shape)}, {network.dtype}, on {network.device.name}",
        rule,
        lines[0],
        rule,
        *lines[1:],
        rule,
        f"{total:,} parameters{fixed}",
        _memory(network, sizes),
    ]


def _memory(network: Network, sizes: dict[str, int]) -> str:
    parts = [f"{name} {sizes[name] / 1024:,.1f}" for name in ("parameters", "gradients", "moments") if sizes[name]]
    if network.capacity:
        parts.append(f"activations {sizes['activations'] / 1024:,.1f} for batches of {network.capacity}")
    else:
        parts.append(f"and activations {network.activation_size(1) / 1024:,.1f} for each sample of a batch")
    return f"memory {sum(sizes.values()) / 1024:,.1f} KiB: {', '.join(parts)}"
