"""What the page's scripts read, made of a trace: plain values, and the arrays each once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..tracing.traces import LayerTrace, Step, Trace
from . import loops
from .arrays import Arrays, Limits

MOST_BYTES = 2_700_000  # of the arrays, if fewer samples and channels can keep it below
LADDER = Limits(8, 32), Limits(4, 32), Limits(2, 32), Limits(1, 32), Limits(1, 16), Limits(1, 8)
THROUGH_TIME = "i", "f", "g", "r", "o", "v", "c", "h"  # gates and states of recurrent layers
MEANING = {
    "x": "the input",
    "W": "the weights",
    "U": "the weights of the state before",
    "b": "the biases",
    "z": "the pre-activations",
    "a": "the output",
    "da": "dL/da, by the output",
    "delta": "dL/dz, by the pre-activations",
    "dx": "dL/dx, by the input: what the layer below gets",
    "dW": "dL/dW",
    "dU": "dL/dU",
    "db": "dL/db",
    "argmax": "which cell of each window was the largest",
    "i": "the input gate",
    "f": "the forget gate",
    "o": "the output gate",
    "h": "the state that is handed on",
}
OF_KIND = {
    "LSTM": {"g": "the candidate", "c": "the cell state"},
    "GRU": {"g": "the update gate", "r": "the reset gate", "c": "the candidate", "v": "the state's part of it"},
}


def page_data(trace: Trace) -> dict[str, Any]:
    """The page's data, of as many samples and channels as there is room for."""
    for limits in LADDER:
        made = _Contents(trace, limits)
        if made.arrays.bytes <= MOST_BYTES:
            break
    return made.data


class _Contents:
    """The data with certain limits."""

    def __init__(self, trace: Trace, limits: Limits) -> None:
        self.trace, self.arrays = trace, Arrays(len(trace.x), limits)
        self.axes: dict[int, tuple[str, ...]] = {}  # of arrays, by the contracts of the steps
        self.contracts: dict[str, dict[str, Any]] = {}
        self.sources: dict[str, dict[str, Any]] = {}
        self.layers = list(_everywhere(trace.layers))
        steps = [self._step(step) for step in trace.steps]
        layers = [self._layer(each) for each in self.layers]
        count = min(len(trace.x), limits.samples)
        self.data = {
            "model": trace.model,
            "samples": len(trace.x),
            "shown": count,
            "labels": trace.y[:count].tolist() if trace.y.ndim == 1 and trace.y.dtype.kind in "iu" else None,
            "input": trace.x.shape[1:],
            "loss": trace.loss if math.isfinite(trace.loss) else str(trace.loss),  # JSON has no NaN
            "steps": steps,
            "layers": layers,
            "network": [self._box(each) for each in trace.layers],
            "norms": [self._norms(each) for each in trace.layers],
            "contracts": self.contracts,
            "sources": self.sources,
            "arrays": self.arrays.entries,
        }

    def _step(self, step: Step) -> dict[str, Any]:
        found = loops.contract_of(step.kernel)
        layer = next((each for each in self.layers if each.name == step.layer), None)
        named = _by_bytes(layer.values if layer else {})
        key = step.kernel.name
        if key not in self.sources:
            self.sources[key] = loops.source(step.kernel)
        if found and step.operation not in self.contracts:
            self.contracts[step.operation] = loops.equations(found)
        read = loops.reads(step.kernel)
        arrays = {k: v for k, v in step.arguments.items() if hasattr(v, "shape")}

        def refer(name: str, a: Any) -> dict[str, Any]:
            return self._argument(name, a, loops.axes(found, name, a.ndim), named)

        return {
            "number": step.number,
            "phase": step.phase,
            "layer": step.layer,
            "operation": step.operation,
            "function": step.function,
            "kernel": step.kernel.name,
            "contract": step.operation if found else None,
            "source": key,
            "numbers": [[k, str(v)] for k, v in step.arguments.items() if k not in arrays],
            "empty": [k for k, a in arrays.items() if not a.size],
            "reads": [refer(k, a) for k, a in arrays.items() if a.size and (k in read or k not in step.written)],
            "writes": [refer(k, a) for k, a in step.written.items()],
        }

    def _argument(self, name: str, a: Any, axes: tuple[str, ...], named: Mapping[bytes, Any]) -> dict[str, Any]:
        """An array of a kernel: in the layer's own shape, where the kernel has it flat, and by the textbook's name."""
        same = {k: v for k, v in named.get(_key(a), {}).items() if k.startswith("d") == name.startswith("d")}
        shapes = [v.shape for v in same.values()] or [v.shape for v in named.get(_key(a), {}).values()]
        drawn = a
        if shapes and a.shape not in shapes and len(shapes[0]) > a.ndim:
            drawn, axes = a.reshape(shapes[0]), ("N", *_letters(len(shapes[0]) - 1))
        books = [] if name in same else sorted(same, key=lambda k: (k.lower() != name, k != "delta"))
        place = self.arrays.add(drawn, axes)
        if axes and drawn is a:
            self.axes.setdefault(place, axes)
        return {
            "name": name,
            "array": place,
            "axes": axes,
            "flat": a.shape if drawn is not a else None,
            "books": books[:1],
        }

    def _layer(self, each: LayerTrace) -> dict[str, Any]:
        """A layer's arrays by their textbook names; what a recurrent layer does in time is apart."""
        h = each.values.get("h")
        in_time = [k for k in THROUGH_TIME if h is not None and h.ndim == 3 and _shape(each.values.get(k)) == h.shape]
        apart = {*in_time, *(f"d{k}" for k in in_time), *(f"dz_{k}" for k in in_time)}
        refer = self._value(each)
        return {
            "name": each.name,
            "kind": type(each.layer).__name__,
            "words": repr(each.layer),
            "values": [refer(k) for k in each.values if k not in apart],
            "time": [
                {"name": k, "value": refer(k), "gradient": refer(f"d{k}") if f"d{k}" in each.values else None}
                for k in in_time
            ],
        }

    def _value(self, each: LayerTrace) -> Any:
        own = {p.name for p in each.layer.describe(each.values["x"].shape[1:]).parameters}
        parameters = {"W", "U", "b", "E", *own}

        def refer(name: str) -> dict[str, Any]:
            a = each.values[name]
            belongs = name in parameters or name.removeprefix("d") in parameters
            axes: tuple[str, ...] = ()
            if not belongs and a.shape[:1] == (len(self.trace.x),):
                axes = ("N", "T", "H") if "h" in each.values and a.ndim == 3 else ("N", *_letters(a.ndim - 1))
            place = self.arrays.add(a, axes)
            axes = self.axes.get(place, axes)
            return {
                "name": name,
                "array": place,
                "axes": axes,
                "flat": None,
                "books": [],
                "meaning": _meaning(name, each),
            }

        return refer

    def _box(self, each: LayerTrace) -> dict[str, Any]:
        shape = each.values["x"].shape[1:]
        parameters = each.layer.describe(shape).parameters
        return {
            "name": each.name,
            "kind": type(each.layer).__name__,
            "shape": each.values["a"].shape[1:],
            "parameters": sum(math.prod(p.shape) for p in parameters),
            "inside": [inner.name for inner in each.layers],
        }

    def _norms(self, each: LayerTrace) -> dict[str, Any]:
        """Of the gradient by the layer's input, and by all of its parameters together."""
        own = [g for name, g in self.trace.gradients.items() if name.startswith(f"{each.name}/")]
        return {
            "layer": each.name,
            "dx": _norm([each.values["dx"]]) if "dx" in each.values else None,
            "dW": _norm(own) if own else None,
        }


def _everywhere(layers: Sequence[LayerTrace]) -> Iterator[LayerTrace]:
    for each in layers:
        yield each
        yield from _everywhere(each.layers)


def _by_bytes(values: Mapping[str, Any]) -> dict[bytes, dict[str, Any]]:
    """Arrays by name, under what is in them."""
    found: dict[bytes, dict[str, Any]] = {}
    for name, a in values.items():
        found.setdefault(_key(a), {})[name] = a
    return found


def _key(a: Any) -> bytes:
    return b"".join([str(a.dtype).encode(), a.tobytes()])


def _shape(a: Any) -> Any:
    return None if a is None else a.shape


def _letters(rank: int) -> tuple[str, ...]:
    """Names of the axes of a sample."""
    return {1: ("C",), 2: ("T", "C"), 3: ("H", "W", "C")}.get(rank, tuple("ABDEFG"[:rank]))


def _meaning(name: str, each: LayerTrace) -> str:
    known = MEANING | OF_KIND.get(type(each.layer).__name__, {})
    if name in known:
        return known[name]
    return f"dL/d{name[1:]}" if name.startswith("d") and name[1:] else ""


def _norm(gradients: Sequence[Any]) -> float | None:
    """The root of the sum of squares, or None where it is not finite."""
    with np.errstate(all="ignore"):
        norm = math.sqrt(sum(float(np.sum(np.square(g, dtype=np.float64))) for g in gradients))
    return norm if math.isfinite(norm) else None
