"""The table that model.summary() prints."""

from __future__ import annotations

import math
from collections.abc import Iterable

from .layers.base import Parameter, batch_shape
from .network import Network


def summary_lines(name: str, network: Network, sizes: dict[str, int]) -> list[str]:
    """Layers with output shapes and parameter counts, then totals. sizes: bytes, by what they hold."""
    rows = [("layer", "type", "output shape", "parameters")]
    for layer, d in zip(network.layers, network.descriptions, strict=True):
        count = sum(math.prod(p.shape) for p in d.parameters)
        frozen = {p.frozen for p in d.parameters}
        note = " (partly frozen)" if len(frozen) == 2 else " (frozen)" if True in frozen else ""
        rows.append((str(layer.name), type(layer).__name__ + note, batch_shape(d.output_shape), f"{count:,}"))
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    lines = [f"{a:{widths[0]}}  {b:{widths[1]}}  {c:{widths[2]}}  {d:>{widths[3]}}" for a, b, c, d in rows]
    rule = "-" * len(lines[0])
    parameters = [slot.parameter for slot in network.slots]
    return [
        f"{name}: input {batch_shape(network.input_shape)}, {network.dtype}, on {network.device.name}",
        rule,
        lines[0],
        rule,
        *lines[1:],
        rule,
        f"{_numbers(parameters):,} parameters{_shares(parameters)}",
        _memory(network, sizes),
    ]


def _numbers(parameters: Iterable[Parameter]) -> int:
    return sum(math.prod(p.shape) for p in parameters)


def _shares(parameters: list[Parameter]) -> str:
    """How many are trained, frozen and fixed, unless training changes all of them."""
    if all(p.trained for p in parameters):
        return ""
    shares = {
        "trained": _numbers(p for p in parameters if p.trained),
        "frozen": _numbers(p for p in parameters if p.frozen),
        "fixed": _numbers(p for p in parameters if not p.trainable and not p.frozen),
    }
    return ": " + ", ".join(f"{n:,} {name}" for name, n in shares.items() if n)


def _memory(network: Network, sizes: dict[str, int]) -> str:
    parts = [f"{name} {sizes[name] / 1024:,.1f}" for name in ("parameters", "gradients", "moments") if sizes[name]]
    if network.capacity:
        parts.append(f"activations {sizes['activations'] / 1024:,.1f} for batches of {network.capacity}")
    else:
        parts.append(f"and activations {network.activation_size(1) / 1024:,.1f} for each sample of a batch")
    return f"memory {sum(sizes.values()) / 1024:,.1f} KiB: {', '.join(parts)}"
