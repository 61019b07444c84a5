"""The textbook's names for what a layer has in memory: x, W, b, z, a, and da, delta, dW, db, dx."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...layers.activations import _Activation
from ...layers.normalization import BatchNormalization, GroupNormalization, LayerNormalization
from ...layers.recurrence import _Recurrent
from ...layers.residual import Residual
from ...layers.weighted import _Weighted
from . import through_time
from .places import Place
from .traces import Step

LETTERS = {"kernel": "W", "bias": "b", "recurrent_kernel": "U", "embeddings": "E"}
IN_TIME = {"lstm": through_time.lstm, "gru": through_time.gru, "simple_rnn": through_time.simple_rnn}


def values(place: Place, steps: Sequence[Step]) -> dict[str, Any]:
    """The layer's arrays by name, from what was seen at its place and from its steps."""
    seen = place.seen
    parameters = {LETTERS.get(name, name): a for name, a in seen["parameters"].items()}
    gradients = {f"d{LETTERS.get(name, name)}": a for name, a in seen["gradients"].items()}
    (x,), (a,), (da,) = (seen[moment].values() for moment in ("input", "output", "output gradient"))
    own = [step for step in steps if step.layer == place.path and step.operation != "regularization"]
    kept = seen["backward"] | seen["forward"]  # what both passes write is the forward pass's under its own name
    if isinstance(place.layer, _Recurrent | _Weighted | Residual):
        kept = {name: a for name, a in kept.items() if name not in ("z", "dz")}
    if "argmax" in kept:  # integers in the memory of floats
        written = next(step.written["argmax"] for step in own if "argmax" in step.written)
        kept["argmax"] = written.reshape(a.shape)
    kept |= _more(place, own, x, a, da)
    names = {"x", *parameters, *kept}
    back = {n for n in kept if n[:1] == "d" and (n == "delta" or n.startswith("dz_") or n[1:] in names)}
    ahead = {name: a for name, a in kept.items() if name not in back}
    behind = {name: a for name, a in kept.items() if name in back}
    first, last = seen["input"] | parameters | ahead | {"a": a}, gradients | seen["input gradient"]
    return first | {"da": da} | behind | last


def _more(place: Place, own: Sequence[Step], x: Any, a: Any, da: Any) -> dict[str, Any]:
    """What depends on the kind of layer."""
    layer = place.layer
    forward = [step for step in own if step.phase == "forward"]
    backward = [step for step in own if step.phase == "backward"]
    if isinstance(layer, _Activation):
        return {"z": x, "delta": place.seen["input gradient"]["dx"]}
    if isinstance(layer, _Recurrent):
        loops = [next((step for step in part if step.operation in IN_TIME), None) for part in (forward, backward)]
        return IN_TIME[loops[1].operation](*loops) if loops[1] else {}
    if isinstance(layer, _Weighted | Residual):
        return _pre_activation(place, forward, backward, a, da)
    if isinstance(layer, BatchNormalization):
        given = next(step.arguments for step in forward if step.function == "forward")
        mean, variance = given["mean"], given["variance"]
        xhat = (x - mean) / np.sqrt(variance + given["epsilon"])
        return {"mean": mean, "variance": variance, "xhat": xhat.astype(x.dtype)}
    if isinstance(layer, LayerNormalization):
        mean, inverse = (place.seen["forward"][name][..., None] for name in ("mean", "inverse"))
        return {"xhat": (x - mean) * inverse}
    if isinstance(layer, GroupNormalization):
        mean, inverse = (_of_channels(place.seen["forward"][name], x) for name in ("mean", "inverse"))
        return {"xhat": (x - mean) * inverse}
    return {}


def _of_channels(statistics: Any, x: Any) -> Any:
    """What groups (N, G) have, for each channel: (N, 1, ..., C)."""
    N, C = len(x), x.shape[-1]
    return np.repeat(statistics, C // statistics.shape[1], axis=1).reshape(N, *[1] * (x.ndim - 2), C)


def _pre_activation(place: Place, forward: Sequence[Step], backward: Sequence[Step], a: Any, da: Any) -> dict[str, Any]:
    """The weighted sums z and delta = dL/dz: a and da where nothing follows them.

    An activation works in the arrays z and dz, or else in place: there its call has z before it, as the last of the
    forward pass, and delta after it, as the first of the backward pass.
    """
    layer: Any = place.layer
    if layer.activation is None:
        return {"z": a, "delta": da}
    saved = place.seen["forward"], place.seen["backward"]
    if "z" in saved[0]:
        return {"z": saved[0]["z"]} | ({"delta": saved[1]["dz"]} if "dz" in saved[1] else {})
    (name,) = forward[-1].written
    found = {"z": forward[-1].arguments[name].reshape(a.shape)}
    if backward:
        (delta,) = backward[0].written.values()
        found["delta"] = delta.reshape(a.shape)
    return found
