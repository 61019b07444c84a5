"""Activations, and arithmetic of single elements: operators -> functions, and our layers where one is just that."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ....layers import ELU, GELU, Dropout, LeakyReLU, LogSoftmax, Softmax
from . import elementwise as elementwise
from .affine import affine
from .elementwise import FUNCTIONS, PLAIN, Function, Lazy, base_of, settled
from .node import Node, fail_unless, reads
from .pieces import Affine, Data, Piece, joined
from .views import size_of


@reads(*sorted(set(FUNCTIONS) - {"Selu"}))
def plain(n: Node) -> Lazy:
    """Functions without parameters."""
    return of_one(n, FUNCTIONS[n.operator], [Piece(PLAIN[n.operator], {})] if n.operator in PLAIN else None)


def of_one(n: Node, function: Function, own: Sequence[Piece] | None = None) -> Lazy:
    """A function of the first input."""
    return Lazy(n, function, [_elements(n, 0)], own)


def _elements(n: Node, k: int) -> Data | Lazy:
    """Input k, which holds floats, not computed yet where it is a function of elements."""
    x = n.inputs[k] if n.has(k) else None
    return x if isinstance(x, Lazy) else n.data(k)


@reads("LeakyRelu", "PRelu")
def leaky_relu(n: Node) -> Lazy:
    if n.operator == "LeakyRelu":
        slope = float(n.attribute("alpha", 0.01))
    else:
        slopes = n.constant(1, "slope")
        fail_unless(
            slopes.size > 0 and np.ptp(slopes) == 0, "it has a slope for each channel; ours, LeakyReLU, has one"
        )
        slope = float(slopes.reshape(-1)[0])
    own = [Piece(LeakyReLU, {"alpha": slope})] if slope >= 0 else None
    return of_one(n, lambda x: np.where(x > 0, x, slope * x), own)


@reads("Elu", "Celu")
def elu(n: Node) -> Lazy:
    alpha = float(n.attribute("alpha", 1.0))
    fail_unless(alpha > 0, f"its alpha is {alpha}; ours is positive")
    if n.operator == "Elu":
        return of_one(
            n, lambda x: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))), [Piece(ELU, {"alpha": alpha})]
        )
    own = [Affine(1 / alpha, 0), Piece(ELU, {}), Affine(alpha, 0)]
    return of_one(n, lambda x: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha)), own)


@reads("Selu")
def selu(n: Node) -> Lazy:
    """gamma ELU(x); ours with the alpha and gamma of the paper."""
    alpha, gamma = float(n.attribute("alpha", elementwise.A)), float(n.attribute("gamma", elementwise.L))
    usual = np.allclose((alpha, gamma), (elementwise.A, elementwise.L), 1e-6)
    other = [Piece(ELU, {"alpha": alpha}), Affine(gamma, 0)] if alpha >= 0 else None
    own = [Piece(PLAIN["Selu"], {})] if usual else other
    return of_one(n, lambda x: gamma * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))), own)


@reads("Gelu")
def gelu(n: Node) -> Lazy:
    approximate = n.attribute("approximate", "none") == "tanh"
    function = elementwise.gelu_tanh if approximate else elementwise.gelu
    return of_one(n, function, [Piece(GELU, {"approximate": approximate})])


@reads("HardSigmoid")
def hard_sigmoid(n: Node) -> Lazy:
    alpha, beta = float(n.attribute("alpha", 0.2)), float(n.attribute("beta", 0.5))
    own = elementwise.hard_sigmoid(alpha, beta)
    return of_one(n, lambda x: np.clip(alpha * x + beta, 0, 1), own)


@reads("HardSwish")
def hard_swish(n: Node) -> Lazy:
    return of_one(n, lambda x: x * np.clip(x / 6 + 0.5, 0, 1))


@reads("ThresholdedRelu")
def thresholded_relu(n: Node) -> Lazy:
    alpha = float(n.attribute("alpha", 1.0))
    return of_one(n, lambda x: np.where(x > alpha, x, 0))


@reads("Swish")
def swish(n: Node) -> Lazy:
    alpha = float(n.attribute("alpha", 1.0))
    silu = [Piece(PLAIN["Silu"], {})]
    own = silu if alpha == 1 else [Affine(alpha, 0), *silu, Affine(1 / alpha, 0)] if alpha else None
    return of_one(n, lambda x: x * elementwise.sigmoid(alpha * x), own)


@reads("Clip")
def clip(n: Node) -> Lazy:
    if n.version < 11:
        low, high = n.attribute("min"), n.attribute("max")
    else:
        low, high = (_number(n.optional(k, what)) for k, what in ((1, "min"), (2, "max")))
    low = None if low is None or low <= -3e38 else float(low)
    high = None if high is None or high >= 3e38 else float(high)
    own = elementwise.clipping(low, high)
    return of_one(
        n, lambda x: np.minimum(np.maximum(x, -np.inf if low is None else low), np.inf if high is None else high), own
    )


def _number(a: Any) -> float | None:
    fail_unless(a is None or a.size == 1, "it clips by tensors; ours by numbers")
    return None if a is None else float(a.reshape(-1)[0])


FLOATS = {1: np.float32, 11: np.float64}  # by ONNX's numbers for types
BINARY: dict[str, Callable[..., Any]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Pow": np.power,
    "Max": np.maximum,
    "Min": np.minimum,
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
    "Equal": np.equal,
    "And": np.logical_and,
    "Or": np.logical_or,
    "Where": np.where,
    "CastLike": lambda x, _: x,
}


@reads(*BINARY, "Sum", "Mean")
def arithmetic(n: Node) -> Any:
    """Of constants and values that depend on x: elementwise, along an axis (affine), or a Residual's sum."""
    if len(n.inputs) == 1:
        return same(n)
    numbers = [x.size == 1 for x in n.inputs if isinstance(x, np.ndarray)]
    depend = [x for x in n.inputs if not isinstance(x, np.ndarray)]
    function = _of_all(n)
    if n.operator == "CastLike":
        return n.inputs[0].astype(FLOATS[n.float_type]) if isinstance(n.inputs[0], np.ndarray) else same(n)
    if len(depend) == 1 and _is_bias_of_one(depend[0]):
        return affine(n)
    if all(numbers) and all(base_of(x) is base_of(depend[0]) for x in depend):
        own = _affine_numbers(n) if len(depend) == 1 else None
        return Lazy(n, function, depend, own, joined if _adds(n) else None)
    if len(depend) == 1:
        return affine(n)
    fail_unless(_adds(n), "it joins two ways through the graph; ours can add them (Residual), and nothing else")
    total = settled(depend[0])
    for other in depend[1:]:
        total = joined(total, settled(other))
    return total


def _is_bias_of_one(x: Data | Lazy) -> bool:
    """Whether a number that is added to x would be the bias of a layer with one output."""
    return isinstance(x, Data) and bool(x.pieces) and x.pieces[-1].channels == 1


def _adds(n: Node) -> bool:
    return n.operator in ("Add", "Sum") and not any(isinstance(x, np.ndarray) for x in n.inputs)


def _of_all(n: Node) -> Callable[..., Any]:
    """The node's function of those inputs that are not constants."""
    constants = [x.reshape(-1)[:1].astype(np.float64) if isinstance(x, np.ndarray) else None for x in n.inputs]
    operator = n.operator

    def function(*values: Any) -> Any:
        given = iter(values)
        inputs = [next(given) if c is None else c for c in constants]
        if operator in ("Sum", "Mean", "Max", "Min"):
            total = functools.reduce(BINARY.get(operator, np.add), inputs)
            return total / len(inputs) if operator == "Mean" else total
        return BINARY[operator](*inputs)

    return function


def _affine_numbers(n: Node) -> list[Piece] | None:
    """x + c, x - c, c - x, c x and x / c as a layer."""
    x, y = n.inputs[:2]
    first = isinstance(x, np.ndarray)
    c = float((x if first else y).reshape(-1)[0])
    found = {
        "Add": (1, c),
        "Sub": (-1, c) if first else (1, -c),
        "Mul": (c, 0),
        "Div": (1 / c, 0) if not first and c else None,
    }.get(n.operator)
    return None if found is None or len(n.inputs) > 2 else [Affine(*found)]


@reads("Identity", "Dropout", "Cast")
def unchanged(n: Node) -> Any:
    """What computes nothing in inference, as our Dropout."""
    if n.operator == "Identity":
        return same(n)
    if n.operator == "Cast":
        return cast(n)
    n.expect_single_output()
    if n.version >= 12:
        rate = float(n.constant(1, "ratio").reshape(-1)[0]) if n.has(1) else 0.5
        training = n.has(2) and bool(n.constant(2, "training_mode").any())
        fail_unless(not training or rate == 0, "it is in training mode; export the model in inference mode")
    else:
        rate = float(n.attribute("ratio", 0.5))
    fail_unless(0 <= rate < 1, f"its ratio is {rate}; ours is from 0 to 1, without 1")
    return n.data().then(Piece(Dropout, {"rate": rate}))


def same(n: Node) -> Any:
    """The input, as a value of its own: who changes a layer in place looks at who else uses its output."""
    x = n.inputs[0]
    return x.seen_as(x.view) if isinstance(x, Data) else x


def cast(n: Node) -> Any:
    """To floats of the graph's own type, or to whole numbers for an Embedding."""
    to = n.attribute("to")
    x = n.inputs[0]
    if to in (1, 11) and (isinstance(x, Lazy) or not x.indices):
        fail_unless(to == n.float_type, "it changes the type of floats; ours compute in one")
        return same(n)
    fail_unless(to in (6, 7), f"it casts to type {to}; ours compute in float32 or float64")
    found = n.values()
    return Data(found.view, found, (), indices=True)


@reads("Softmax", "LogSoftmax")
def softmax(n: Node) -> Data:
    x = n.data()
    axis = x.view.position(n.attribute("axis", -1 if n.version >= 13 else 1))
    axes = x.view.axes
    x.view.expect_no_batch([axis] if n.version >= 13 else range(axis, len(axes)), "normalises")
    parts = axes[axis] if n.version >= 13 else [p for one in axes[axis:] for p in one]  # before 13: of all from axis on
    x.view.ends_with(parts)
    shape = x.view.memory.sizes
    size = size_of(parts)
    if not shape or shape[-1] != size:
        shape = (size_of(x.view.memory.order) // size, size) if size_of(x.view.memory.order) > size else (size,)
    layer = {"Softmax": Softmax, "LogSoftmax": LogSoftmax}[n.operator]
    return x.through(shape, Piece(layer, {}), x.view.memory.order, axes)
