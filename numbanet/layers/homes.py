"""The models that layers were built in: a layer holds no weights, and what has to know who does asks here."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

from .base import Layer

_homes: weakref.WeakKeyDictionary[Layer, Any] = weakref.WeakKeyDictionary()


def settle(layers: Iterable[Layer], model: Any) -> None:
    """Remember that these layers, and those inside them, are built in this model."""
    for layer in layers:
        _homes[layer] = weakref.ref(model)
        settle(layer.inner_layers, model)


def home(layer: Layer) -> Any:
    """The model that the layer was last built in, while there is one; else None."""
    return _homes.get(layer, lambda: None)()
