"""RNN, LSTM and GRU of torch as layers: as many as they have layers, each over both directions where theirs is.

A chain goes on with the first of their two results, the states after all steps; x[:, -1] or the last state, h[-1],
takes the last step alone.
"""

from __future__ import annotations

import re
from typing import Any

from ...layers import GRU, LSTM, Bidirectional, Dropout, SimpleRNN
from ...layers.base import Layer
from ...layers.recurrence import _Recurrent
from ..problems import Unsupported
from .flow import LAST, Flow
from .graph import Step
from .tensors import own

NAME = re.compile(r"(weight_ih|weight_hh|bias_ih|bias_hh)_l(\d+)(_reverse)?")


def recurrent(step: Step, flow: Flow) -> None:
    m = step.module
    if not m.batch_first:
        raise Unsupported("batch_first=False: samples here come first. Make it with batch_first=True")
    if getattr(m, "proj_size", 0):
        raise Unsupported(f"proj_size={m.proj_size} has no layer here")
    cls = {"RNN": SimpleRNN, "LSTM": LSTM, "GRU": GRU}[step.kind]
    settings: dict[str, Any] = {"return_sequences": True, "use_bias": m.bias}
    if step.kind == "RNN":
        settings["activation"] = m.nonlinearity
    flow.expect(LAST)
    for k, tensors in enumerate(by_layer(own(m))):
        if k and m.dropout:
            flow.add(Dropout(m.dropout))
        layer: Layer = cls(m.hidden_size, **settings)
        flow.add(Bidirectional(layer) if m.bidirectional else layer, tensors)


def by_layer(tensors: dict[str, Any]) -> list[dict[str, Any]]:
    """The tensors of each layer of a recurrent module, called as those of a module with one; others as they are."""
    found: dict[int, dict[str, Any]] = {}
    for name, tensor in tensors.items():
        match = NAME.fullmatch(name)
        k = int(match[2]) if match else 0
        found.setdefault(k, {})[f"{match[1]}_l0{match[3] or ''}" if match else name] = tensor
    return [found[k] for k in sorted(found)]


def last_step(step: Step, flow: Flow) -> None:
    if len(flow.shape) != 2:
        raise Unsupported("expected a recurrent layer before it")
    layer = flow.layers[-1]
    if isinstance(layer, Bidirectional):
        raise Unsupported(
            "the last step of a bidirectional layer, whose backward half has read one step there. Take "
            "torch.cat of both last states, which Bidirectional without return_sequences gives, by building it here"
        )
    if not isinstance(layer, _Recurrent):
        raise Unsupported("expected a recurrent layer before it")
    config = layer.get_config() | {"return_sequences": False}
    flow.replace_last(type(layer).from_config(config))
