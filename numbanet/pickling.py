"""Models as pickles: what copy.deepcopy, joblib and multiprocessing do with one.

A pickle runs code when it is read: keep models in files (`model.save`), and pickle between processes of your own.
"""

from __future__ import annotations

import copyreg
from typing import Any

import numpy as np

from .devices import get_device
from .errors import StateError
from .model import Sequential
from .network import Network

OWN = frozenset(vars(Sequential()))  # attributes of every model; others are a subclass's, or a user's


def _reduce(model: Sequential) -> tuple[Any, ...]:
    """An empty model, and its state: layers and choices as they are, which may name the model, and copies of arrays."""
    with model._lock:
        model._refuse_while_fitting("pickle")
        _expect_compiled_since_frozen(model)
        state: dict[str, Any] = {
            "others": {name: value for name, value in vars(model).items() if name not in OWN},
            "seed": model.seed,
            "name": model.name,
            "layers": model.layers,
            "choices": model._chosen,
            "epochs_trained": model.epochs_trained,
            "history": model.history,
        }
        if (network := model._network) and (steps := model._steps):
            with steps.unswapped():
                weights = {slot.key: np.array(slot.value) for slot in network.slots}
                state["steps"], device = steps.get_state(), network.device
            state["built"] = network.input_shape, device.name, device.precision, network.dtype.name, network.seed
            state |= {"weights": weights, "swapped": steps._swapped}
        return copyreg.__newobj__, (type(model),), state  # type: ignore[attr-defined]  # typeshed does not have it


def _expect_compiled_since_frozen(model: Sequential) -> None:
    """Raises StateError where the copy, whose layers say what is trained, would train other parameters."""
    network = model._network
    if network and model.loss and network.following_its_layers() is not network:
        raise StateError("pickle: layers were frozen or unfrozen since compile. Call compile(...) again first.")


def _restore(model: Sequential, state: dict[str, Any]) -> None:
    """Make an empty model the one that `_reduce` was given, whose next step has the same bits."""
    Sequential.__init__(model, state["layers"], state["seed"], state["name"])
    vars(model).update(state["others"])
    model.optimizer, model.loss, model.metrics = state["choices"]
    if "built" in state:
        input_shape, device, precision, dtype, seed = state["built"]
        network = Network(model.layers, input_shape, get_device(device, precision), dtype, seed, state["weights"])
        model._take(network)
        if steps := model._steps:
            steps.set_state(state["steps"], state["weights"])
            if state["swapped"]:
                steps.swap_average()
    model.epochs_trained, model.history = state["epochs_trained"], state["history"]


# not by copyreg.pickle, which is for one class alone: a subclass's models too, whose __init__ may take other arguments
Sequential.__reduce__ = _reduce  # type: ignore[method-assign, assignment]
Sequential.__setstate__ = _restore  # type: ignore[attr-defined]
