"""Recorded decisions of Keras, and what a callback needs of a model and of a checkpoint to make its own.

keras_decisions.json holds 20 series of 24 values and what Keras decided on each, for each set of options. It was
recorded with the version of Keras that it names (JAX backend), by

    callback.set_model(model); callback.on_train_begin()
    for epoch, value in enumerate(values): callback.on_epoch_end(epoch, {"score": value})

with a model of the attributes of Model below, whose learning_rate begins with 1.0, and whose weights are the epoch.
EarlyStopping: [epoch that stopped, best_epoch, the epoch whose weights the model ends with].
ReduceLROnPlateau: each change of the learning rate as [epoch, rate]. Values and min_delta are multiples of 1/64, so
that ties are ties in float32 and float64. Where the mode is "max" the series and the baseline are mirrored, 5 - value.
"""

import json
import math
from pathlib import Path

import numpy as np

RECORDED = json.loads((Path(__file__).parent / "keras_decisions.json").read_text())
SERIES = [(s["mode"], [math.nan if v is None else v for v in s["values"]]) for s in RECORDED["series"]]


def recorded(callback):
    """Of each series and set of options: mode, values, options, what Keras decided."""
    for (mode, values), decisions in zip(SERIES, RECORDED[callback], strict=True):
        for options, decision in zip(RECORDED[f"{callback}_options"], decisions, strict=True):
            if mode == "max" and "baseline" in options:
                options = options | {"baseline": 5 - options["baseline"]}
            yield mode, values, options, decision


class Optimizer:
    learning_rate = 1.0
    schedule = None


class Model:
    """A model as far as callbacks that decide by numbers need one; its weights say the epoch."""

    def __init__(self):
        self.stop_training, self.optimizer, self.weights = False, Optimizer(), None

    def get_weights(self):
        return [np.array(self.weights)]

    def set_weights(self, weights):
        (self.weights,) = map(int, weights)


def begun(callback, model, state=None, names=("score",)):
    """The callback as fit begins it, and as a resumed fit puts its state back."""
    callback.set_model(model)
    callback.set_params({"epochs": 24, "verbose": 0, "metrics": list(names)})
    callback.on_train_begin()
    if state is not None:
        callback.set_state(state)
    return callback


def stored(state):
    """A state as a checkpoint gives it back: copies of arrays, and JSON values that have gone through text."""
    arrays = {name: value.copy() for name, value in state.items() if isinstance(value, np.ndarray)}
    assert all(a.dtype != object for a in arrays.values())
    rest = {name: value for name, value in state.items() if name not in arrays}
    return json.loads(json.dumps(rest, allow_nan=False)) | arrays
