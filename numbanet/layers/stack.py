"""LayerStack: layers in order, each with a name of its own."""

from __future__ import annotations

from ..errors import ArgumentError, StateError
from .base import Layer, free_name, snake_case


class LayerStack:
    """Layers one after another. A subclass says in `_change` what follows from other layers."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []

    def add(self, layer: Layer) -> None:
        """Put a layer at the end. Raises ArgumentError where it is none, is there already, or its name is taken."""
        if not isinstance(layer, Layer):
            hint = f" Did you mean {layer.__name__}(...)?" if isinstance(layer, type) else ""
            raise ArgumentError(f"Sequential: expected a layer, received {layer!r}.{hint}")
        if any(layer is other for other in self.layers):
            raise ArgumentError(f"Sequential: layer {layer.name!r} is in the model already; make a new one.")
        names = {other.name for other in self.layers}
        if layer.name is None:
            layer.name = free_name(snake_case(type(layer).__name__), names)
        elif layer.name in names:
            raise ArgumentError(f"Sequential: layer names must differ. Received: name={layer.name!r} twice.")
        self._change([*self.layers, layer])

    def pop(self) -> Layer:
        """Remove the last layer and return it. Raises StateError where there is none."""
        if not self.layers:
            raise StateError("pop: expected a model with a layer, received one without.")
        last = self.layers[-1]
        self._change(self.layers[:-1])
        return last

    @property
    def trainable(self) -> bool:
        """Whether training changes any of the layers; set it for all of them, before compile."""
        return any(layer.trainable for layer in self.layers)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.layers:
            layer.trainable = value

    def get_layer(self, name: str) -> Layer:
        """The layer of that name. Raises ArgumentError where there is none."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ArgumentError(f"get_layer: name must be one of {[x.name for x in self.layers]}. Received: {name!r}")

    def _change(self, layers: list[Layer]) -> None:
        """Take new layers."""
        self.layers = layers
