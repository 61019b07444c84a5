"""The parameters of layers in order: what one reads and sets."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .checks import choice
from .data import door
from .errors import StateError
from .layers import homes as homes_of_layers
from .layers.stack import LayerStack
from .layers.standardization import Normalization
from .locks import Turns
from .network import Network, Slot


class Weights(LayerStack):
    """Layers one after another and, once they are built, their parameters. A subclass builds the network."""

    def __init__(self) -> None:
        super().__init__()
        self._network: Network | None = None
        self._lock = Turns()

    @property
    def built(self) -> bool:
        """Whether the weights exist."""
        return self._network is not None

    def _built(self, method: str) -> Network:
        if self._network is None:
            raise StateError(f"{method}: expected a model that is built. Call build(input_shape) or fit first.")
        return self._network

    def _warn_of_trained_layers(self) -> None:
        """Layers hold no weights: those that come from a trained model begin anew here."""
        known = [layer for layer in self.layers if not isinstance(layer, Normalization)]  # holds its own values
        homes = [(layer.name, homes_of_layers.home(layer)) for layer in known]
        others = [(name, home) for name, home in homes if home not in (None, self) and home.steps_trained]
        if trained := [name for name, home in others if home.get_weights(name)]:
            warnings.warn(
                f"build: {', '.join(map(repr, trained))} were trained in another model and begin anew in this one, "
                f"because layers hold no weights. Take them over: this.set_weights(other.get_weights({trained[0]!r}), "
                f"{trained[0]!r}); or change the other model by pop() and add().",
                stacklevel=3,
            )

    def _settle(self, network: Network) -> None:
        """Remember that the network's layers are built in this model."""
        homes_of_layers.settle(network.layers, self)

    def get_weights(self, layer: str | None = None) -> list[Any]:
        """Copies of all parameters, layer by layer, each layer's in Keras's order (kernel, bias); or of one layer's."""
        with self._lock:
            return [np.array(slot.value) for slot in self._slots("get_weights", layer)]

    def set_weights(self, weights: Sequence[Any], layer: str | None = None) -> None:
        """Take values in the order of get_weights; nothing is changed unless all of them fit."""
        with self._lock:
            slots = self._slots("set_weights", layer)
            shapes = {slot.key: slot.parameter.shape for slot in slots}
            checked = door.parameters("set_weights", weights, shapes, self._built("set_weights").dtype)
            for slot, a in zip(slots, checked, strict=True):
                slot.value[...] = a

    def _slots(self, method: str, layer: str | None) -> list[Slot]:
        """The parameters of one layer, or of all."""
        slots = self._built(method).slots
        if layer is None:
            return slots
        choice(method, "layer", layer, [each.name for each in self.layers if each.name])
        return [slot for slot in slots if slot.layer == layer]

    def last_gradients(self) -> dict[str, Any]:
        """Copies of the last step's gradients by the names of weight_names, as the optimizer used them: clipped."""
        with self._lock:
            slots = self._built("last_gradients").trained
            return {slot.key: np.array(slot.gradient) for slot in slots}

    def reset_states(self, states: dict[str, Sequence[Any]] | None = None) -> None:
        """Choose the states with which recurrent layers with stateful=True begin the next batch: zeros, or these.

        states: {layer name: [h]}, for an LSTM [h, c], each (batch_size, units), as `get_states` returns them; those of
        layers that are not named are set to zero. Where one does not fit, nothing is changed: ArgumentError,
        ShapeError, DtypeError or DataError.
        """
        with self._lock:
            network = self._built("reset_states")
            kept = network.states()
            chosen = door.states("reset_states", {} if states is None else states, kept, network.dtype)
            for name, places in kept.items():
                for k, place in enumerate(places):
                    place[...] = chosen[name][k] if name in chosen else 0

    def get_states(self) -> dict[str, list[Any]]:
        """Copies of the states in which recurrent layers with stateful=True ended the last batch: {name: [h, ...]}."""
        with self._lock:
            states = self._built("get_states").states()
            return {name: [np.array(state) for state in of_layer] for name, of_layer in states.items()}

    @property
    def weight_names(self) -> list[str]:
        """The names of get_weights' arrays: "dense/kernel", "dense/bias", ..."""
        return [slot.key for slot in self._built("weight_names").slots]

    @property
    def steps_trained(self) -> int:
        """The number of training steps, which are batches, since build or compile."""
        return 0 if self._network is None else int(self._network.iteration[0])

    def count_params(self) -> int:
        """How many numbers the parameters hold."""
        return sum(slot.value.size for slot in self._built("count_params").slots)
