"""RNN, LSTM and GRU -> SimpleRNN, LSTM and GRU, and Bidirectional."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....layers import GRU, LSTM, Bidirectional, Layer, SimpleRNN
from ....layers.base import Shape
from .node import Node, fail_unless, reads
from .pieces import Data, Piece
from .views import NEEDS_TRANSPOSE, Part, Refusal

GATES = {
    "RNN": [0],
    "LSTM": [0, 2, 3, 1],
    "GRU": [0, 1, 2],
}  # the file's place of each of our parts: i, f, c, o from i, o, f, c
LAYERS: dict[str, Any] = {"RNN": SimpleRNN, "LSTM": LSTM, "GRU": GRU}
USUAL = {"RNN": ["Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"]}
MERGES = {"ReduceSum": "sum", "ReduceProd": "mul", "ReduceMean": "ave"}
# ours: the file's, and the alpha and beta with which they are the same
NAMES: dict[str, tuple[Any, ...]] = {
    "tanh": ("tanh",),
    "sigmoid": ("sigmoid",),
    "relu": ("relu",),
    "linear": ("affine", 1.0, 0.0),
    "hard_sigmoid": ("hardsigmoid", 1 / 6, 0.5),
    "softsign": ("softsign",),
    "elu": ("elu", 1.0),
    "softplus": ("softplus",),
}
# the usual alpha and beta of those that have some
PARAMETERS: dict[str, tuple[float, ...]] = {
    "affine": (1.0, 0.0),
    "elu": (1.0,),
    "hardsigmoid": (0.2, 0.5),
    "leakyrelu": (0.01,),
    "scaledtanh": (1.0, 1.0),
    "thresholdedrelu": (1.0,),
}


@reads("RNN", "LSTM", "GRU")
def recurrent(n: Node) -> tuple[Data | Refusal | None, ...]:
    """Y and Y_h; what is not computed is a Refusal."""
    x, first = n.data(), int(n.attribute("layout", 0))
    fail_unless(x.view.rank == 3, f"its input has {x.view.rank} axes; it must have steps, samples and features")
    x.view.expect_batch(0 if first else 1)
    steps, features = x.view.axes[1 if first else 0], x.view.axes[2]
    w, r, b = n.constant(1, "W"), n.constant(2, "R"), n.optional(3, "B")
    direction = n.attribute("direction", "forward")
    ways = 2 if direction == "bidirectional" else 1
    parts, units = len(GATES[n.operator]), r.shape[-1]
    fits = w.shape[:2] == (ways, parts * units) and r.shape == (ways, parts * units, units) and w.ndim == 3
    fail_unless(fits and (b is None or b.shape == (ways, 2 * parts * units)), "its W, R and B do not fit each other")
    fail_unless(w.shape[2] == x.view.sizes[2], f"its W of {w.shape} does not fit {x.view.sizes[2]} features")
    _expect_plain(n, x)
    both, last = n.used[0], len(n.used) > 1 and n.used[1]
    if len(n.used) > 2 and n.used[2]:
        raise Refusal("its output Y_c is used, the cell's last state, which no layer of ours gives")
    fail_unless(
        not (both and last) or x.view.sizes[1 if first else 0] == 1,
        "both Y and Y_h are used; a layer of ours gives one of them",
    )
    if x.view.memory.is_free:
        x.view.lies_as(steps, features)
    order = x.view.ends_with(features)
    rest = [part for part in x.view.memory.order if part.size > 1 and part not in features]
    fail_unless(rest == [part for part in steps if part.size > 1], NEEDS_TRANSPOSE)
    backwards = direction == "reverse"
    single_step = x.view.sizes[1 if first else 0] == 1
    sequences = both and not (backwards and single_step)
    activations = _activations(n, ways)
    values = [v for k in range(ways) for v in _weights(n, w[k][:, order], r[k], None if b is None else b[k])]
    config: dict[str, Any] = {"units": units, "use_bias": b is not None, "return_sequences": sequences}
    if n.operator == "GRU":
        config["reset_after"] = bool(n.attribute("linear_before_reset", 0))
    shape = (x.view.sizes[1 if first else 0], w.shape[2])
    both_ways = [config | activations[k] for k in range(ways)]
    made = {"cls": LAYERS[n.operator], "ways": both_ways, "backwards": backwards, "shape": shape}
    way, unit = Part(ways), Part(units)
    own = [way] if ways > 1 else []
    time = [Part(shape[0])] if sequences else []
    piece = Piece(_layer, made, *values)
    batch = [x.view.batch]
    file_axes = [batch, time, own, [unit]] if first else [time, own, batch, [unit]]
    out = x.through(shape, piece, [*time, way, unit], file_axes)
    if backwards and sequences:
        out.backwards = time[0]
    if not both:
        axes = [batch, own, [unit]] if first else [own, batch, [unit]]
        return None, out.seen_as(out.view.with_axes(axes))
    if not last:
        return out, None
    return out, out.seen_as(out.view.with_axes([batch, own, [unit]] if first else [own, batch, [unit]]))


def _layer(cls: Any, ways: list[dict[str, Any]], backwards: bool, shape: Shape, merge_mode: str = "concat") -> Layer:
    if len(ways) == 1:
        return cls(**ways[0], go_backwards=backwards)  # type: ignore[no-any-return]
    return Bidirectional(cls(**ways[0]), merge_mode, backward_layer=cls(**ways[1], go_backwards=True))


def _expect_plain(n: Node, x: Data) -> None:
    """What ours have no place for is left out, or says nothing."""
    steps = x.view.sizes[1 if n.attribute("layout", 0) else 0]
    lengths = n.optional(4, "sequence_lens")
    fail_unless(
        lengths is None or bool(np.all(lengths == steps)),
        "its sequence_lens differ; ours take lengths= in fit and predict",
    )
    for k, name in ((5, "initial_h"), (6, "initial_c")):
        found = n.optional(k, name)
        fail_unless(found is None or not np.any(found), f"its {name} is not 0, where ours begin")
    fail_unless(not n.has(7) or not np.any(n.constant(7, "P")), "it has peepholes, which ours, LSTM, has not")
    fail_unless(n.attribute("clip") is None, "it clips the sums within its gates; ours do not")
    fail_unless(not n.attribute("input_forget", 0), "its input and forget gates are coupled; ours are not")


def _activations(n: Node, ways: int) -> list[dict[str, str]]:
    """The arguments of our layers for the activations, for each direction."""
    usual = USUAL[n.operator]
    given = n.attribute("activations") or usual * ways
    fail_unless(len(given) == len(usual) * ways, f"its activations are {given}")
    names = [_activation(str(name).lower(), *numbers) for name, numbers in _with_numbers(n, given)]
    found = []
    for k in range(ways):
        own = names[k * len(usual) : (k + 1) * len(usual)]
        if n.operator == "RNN":
            found.append({"activation": own[0]})
            continue
        fail_unless(
            n.operator == "GRU" or own[1] == own[2],
            f"its activations are {own}; ours has one for candidate and output",
        )
        found.append({"recurrent_activation": own[0], "activation": own[1]})
    return found


def _with_numbers(n: Node, names: list[Any]) -> list[tuple[str, list[float]]]:
    """The activations with their alpha and beta, which stand one after another for those that have some."""
    numbers = {key: [float(v) for v in n.attribute(key, [])] for key in ("activation_alpha", "activation_beta")}
    found = []
    for name in map(str, names):
        usual = PARAMETERS.get(name.lower(), ())
        own = [numbers[key].pop(0) if numbers[key] else v for key, v in zip(numbers, usual, strict=False)]
        found.append((name, own))
    return found


def _activation(name: str, *numbers: float) -> str:
    """Our name of an activation."""
    for ours, (theirs, *expected) in NAMES.items():
        if theirs == name and np.allclose(numbers, expected, 1e-6):
            return ours
    said = f" with {', '.join(map(str, numbers))}" if numbers else ""
    raise Refusal(f"it has the activation {name}{said}; ours have {', '.join(NAMES)}")


def with_merged_ways(x: Data, places: Sequence[int], operator: str, keepdims: bool) -> Data | None:
    """A sum, product or mean over both directions, which a Bidirectional merges so; None where x is another value."""
    maker, axes = x, x.view.axes
    while maker.before is not None and not maker.pieces:
        maker = maker.before
    piece = maker.pieces[-1] if maker.pieces else None
    if (
        operator not in MERGES
        or piece is None
        or piece.make is not _layer
        or len(piece.config["ways"]) == 1
        or maker.before is None
    ):
        return None
    order = maker.view.memory.order
    way = order[-2]
    if len(places) != 1 or axes[places[0]] != [way]:
        return None
    merged = Piece(_layer, piece.config | {"merge_mode": MERGES[operator]}, *piece.values)
    kept = [[] if k in places else axis for k, axis in enumerate(axes) if keepdims or k not in places]
    shape = piece.config["shape"]
    return maker.before.through(shape, merged, [part for part in order if part is not way], kept)


def _weights(n: Node, w: Any, r: Any, b: Any) -> list[Any]:
    """Kernel, recurrent kernel and bias of one direction, from (gates x units, inputs)."""
    places = GATES[n.operator]
    units = r.shape[-1]

    def ours(a: Any) -> Any:
        return a.reshape(len(places), units, *a.shape[1:])[places].reshape(a.shape)

    values = [ours(w).T, ours(r).T]
    if b is None:
        return values
    sides = [ours(side) for side in np.split(b, 2)]
    after = n.operator == "GRU" and n.attribute("linear_before_reset", 0)
    return [*values, np.stack(sides) if after else sides[0] + sides[1]]
