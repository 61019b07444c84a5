"""A training that Ctrl-C stops where a test says, and what is compared of it and one that was not stopped."""

import signal

import numpy as np
import pytest

from numbanet import callbacks
from tests.models import LABELS, X

FIT = {"batch_size": 5, "epochs": 3, "verbose": 0}


class Stop(callbacks.Callback):
    """Ctrl-C in a hook at the first step, or epoch, from `at` on; without a state."""

    def __init__(self, hook, at):
        self.at = at
        setattr(self, f"on_{hook}", self._stop)

    @property
    def watches_batches(self):
        return True

    def _stop(self, *_):
        if self.model.steps_trained >= self.at:
            signal.raise_signal(signal.SIGINT)


def stopped(m, stop, *, x=X, y=LABELS, **fit):
    """The model after a fit that Ctrl-C stopped; the files are its callbacks'."""
    given = {**FIT, **fit}
    given["callbacks"] = [*given.get("callbacks", ()), stop]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in the background
    try:
        with pytest.raises(KeyboardInterrupt):
            m.fit(x, y, **given)
    finally:
        signal.signal(signal.SIGINT, before)
    return m


def everything(m, watching=()):
    """All that a fit leaves in a model and in callbacks."""
    return {
        "weights": m.get_weights(),
        "steps": m._steps.get_state(),
        "epochs": m.epochs_trained,
        "history": m.history and m.history.get_state(),
        "callbacks": [callback.get_state() for callback in watching],
        "stop": m.stop_training,
    }


def equal(a, b):
    """The same bits, in nested dicts and lists."""
    if isinstance(a, dict):
        return set(a) == set(b) and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return type(a) is type(b) and a == b
