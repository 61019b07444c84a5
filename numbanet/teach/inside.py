"""layer_output: what a layer inside a model makes of samples."""

from __future__ import annotations

from typing import Any

from ..model import Sequential


def layer_output(model: Sequential, x: Any, layer: str) -> Any:
    """The output of the layer called `layer` for samples x, as in prediction: a numpy array (N, ...).

    The model must be built. Raises StateError, ArgumentError for a name that no layer has, and what predict raises.
    """
    network = model._built("layer_output")
    place = model.layers.index(model.get_layer(layer))
    first = Sequential(seed=model.seed)
    first.layers = model.layers[: place + 1]
    first.build(network.input_shape, network.device, network.dtype.name)
    first.set_weights(model.get_weights()[: len(first.weight_names)])
    return first.predict(x)
