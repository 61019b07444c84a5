"""What a layer inside a model makes of samples: layer_output, and gates for a recurrent one."""

from __future__ import annotations

import copy
from typing import Any

from ..checks import fail
from ..layers.recurrence import _Recurrent
from ..model import Sequential


def layer_output(model: Sequential, x: Any, layer: str) -> Any:
    """The output of the layer called `layer` for samples x, as in prediction: a numpy array (N, ...).

    The model must be built. Raises StateError, ArgumentError for a name that no layer has, and what predict raises.
    """
    return _up_to("layer_output", model, layer).predict(x)


def gates(model: Sequential, x: Any, layer: str, lengths: Any = None) -> dict[str, Any]:
    """What goes on in the recurrent layer called `layer` at each step of the sequences x, as in prediction.

    For an LSTM {"i", "f", "candidate", "o", "c", "h"}, for a GRU {"update", "reset", "candidate", "h"}, for a SimpleRNN
    {"h"}: arrays (N, T, units) in the order of the input's time, the states as they are after the step. lengths: as in
    predict; a gate is NaN at steps that do not count.

    The model must be built. Raises StateError, ArgumentError for a name that no layer has or a layer that is not
    recurrent, and what predict raises.
    """
    chosen = model.get_layer(layer)
    if not isinstance(chosen, _Recurrent):
        fail("gates", "layer", "the name of a SimpleRNN, LSTM or GRU", layer)
    first = _up_to("gates", model, layer)
    first.predict(x, batch_size=max(len(x), 1), lengths=lengths)
    network = first._built("gates")
    whole = network.tensors(len(x), masked=lengths is not None)
    return chosen.gates(network.chain.tensors(whole, False)[-1])


def _up_to(owner: str, model: Sequential, layer: str) -> Sequential:
    """A model of its own of the layers up to this one, with their weights."""
    network = model._built(owner)
    place = model.layers.index(model.get_layer(layer))
    first = Sequential(seed=model.seed)
    first.layers = [copy.copy(each) for each in model.layers[: place + 1]]  # which stay the model's own
    first.build(network.input_shape, network.device, network.dtype.name)
    first.set_weights(model.get_weights()[: len(first.weight_names)])
    return first
