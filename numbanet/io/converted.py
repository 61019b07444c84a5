"""Converted: a network of another framework, as layers of ours with their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..layers.base import Layer, Shape


@dataclass(frozen=True)
class Converted:
    """What a Sequential is made of.

    input_shape: of samples, without the batch axis. values: all parameters in the order of get_weights, in `dtype`,
    "float32" or "float64".
    """

    layers: list[Layer]
    input_shape: Shape
    values: list[Any]
    name: str = "sequential"
    dtype: str = "float32"
