"""Functions of single elements: kept as functions until somebody needs the value, and then recognised.

Exporters write one activation as many nodes, GELU as x * 0.5 * (1 + erf(x / sqrt(2))). So an elementwise node is not
imported by itself: the function from the last value that is none is put together, and compared with our activations
at some thousand points. Where it is none of them, the nodes are imported one by one.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ....layers import (
    ELU,
    GELU,
    SELU,
    HardSigmoid,
    LeakyReLU,
    Mish,
    ReLU,
    Sigmoid,
    Silu,
    Softplus,
    Softsign,
    Step,
    Tanh,
)
from .pieces import Affine, Data, Piece
from .views import Refusal

Function = Callable[[Any], Any]
POINTS = np.concatenate(
    [np.linspace(-12.0, 12.0, 4801), np.geomspace(12.5, 300.0, 100), -np.geomspace(12.5, 300.0, 100)]
)
CLOSE = 2e-6  # in files numbers such as sqrt(2) are of float32
MOST_ANCESTORS = 40  # nodes back from a value, where we look for what it may be a function of


class Lazy:
    """A function of the elements of `base`, made by a node of one or more parents, which are `base` or such functions.

    function: of the parents' values. own: the pieces for the node's own operation on its only parent; None where no
    layer of ours does that alone. join: for nodes of two parents, what makes one value of theirs; None likewise.
    """

    def __init__(
        self,
        node: Any,
        function: Callable[..., Any],
        parents: Sequence[Data | Lazy],
        own: Sequence[Piece] | None = None,
        join: Callable[[Data, Data], Data] | None = None,
    ) -> None:
        self.node, self.function, self.parents, self.own, self.join = node, function, parents, own, join
        self.base = base_of(parents[0])
        self._settled: Data | None = None

    @property
    def settled(self) -> Data:
        """The value, made by layers. Raises Refusal, of the node that no layer computes."""
        if self._settled is None:
            self._settled = self._imported()
        return self._settled

    def _imported(self) -> Data:
        single = len(self.parents) == 1
        if self.own is None or (self.parents[0] is not self.base and any(isinstance(p, Affine) for p in self.own)):
            starts: list[Data | Lazy] = [self.base, *self._ancestors()]
            for start in starts:
                pieces = recognised(self, start)
                if pieces is not None:
                    return settled(start).then(*pieces)
        if single and self.own is not None:
            return settled(self.parents[0]).then(*self.own)
        if self.join is not None:
            a, b = map(settled, self.parents)
            return self.join(a, b)
        raise Refusal("no layer of ours computes this, alone or with the elementwise nodes around it", self.node)

    def _ancestors(self) -> list[Lazy]:
        """The functions that this one is made of, the first ones first."""
        found: dict[Lazy, None] = {}
        todo: list[Any] = list(self.parents)
        while todo and len(found) < MOST_ANCESTORS:
            value = todo.pop(0)
            if isinstance(value, Lazy) and value not in found:
                found[value] = None
                todo += value.parents
        return list(found)[::-1]

    def values(self, start: Data | Lazy, at: Any, known: dict[Any, Any] | None = None) -> Any:
        """The function's values where `start` has the values `at`. Raises KeyError where it depends on others, too."""
        known = {start: at} if known is None else known
        if self not in known:
            inputs = [p.values(start, at, known) if isinstance(p, Lazy) else known[p] for p in self.parents]
            known[self] = self.function(*inputs)
        return known[self]


def base_of(value: Data | Lazy) -> Data:
    return value.base if isinstance(value, Lazy) else value


def settled(value: Data | Lazy) -> Data:
    return value.settled if isinstance(value, Lazy) else value


def recognised(value: Lazy, start: Data | Lazy) -> list[Piece] | None:
    """Layers for a value as a function of `start`, or None where it is none that we know."""
    with np.errstate(all="ignore"):
        try:
            y = np.broadcast_to(np.asarray(value.values(start, POINTS), np.float64), POINTS.shape)
        except KeyError:
            return None
        if not np.isfinite(y).all():
            return None
        for wanted, pieces in (*_fixed(), *_fitted(y)):
            if np.all(np.abs(wanted - y) <= CLOSE * (1 + np.abs(y))):
                return [Piece(cls, config) for cls, config in pieces] if isinstance(pieces, tuple) else pieces
    return None


@functools.cache
def _fixed() -> list[tuple[Any, Any]]:
    """The values at POINTS of activations without parameters, and their layers."""
    with np.errstate(all="ignore"):
        found: list[tuple[Any, Any]] = [
            ((FUNCTIONS | COMPOSED)[name](POINTS), ((cls, {}),)) for name, cls in PLAIN.items()
        ]
        return [*found, (gelu(POINTS), ((GELU, {}),)), (gelu_tanh(POINTS), ((GELU, {"approximate": True}),))]


def _fitted(y: Any) -> list[tuple[Any, list[Piece]]]:
    """What the function may be, with parameters as its values suggest them."""
    at = dict(zip(np.round(POINTS, 6), y, strict=True))
    shift, scale, low, high = float(at[0.0]), float(at[1.0] - at[0.0]), float(y.min()), float(y.max())
    x, below = POINTS, np.minimum(POINTS, 0)
    known: list[tuple[Any, list[Piece]]] = [
        (scale * x + shift, [] if (scale, shift) == (1, 0) else [Affine(scale, shift)])
    ]
    if (slope := float(-at[-1.0])) >= 0:
        known.append((np.where(x > 0, x, slope * x), [Piece(LeakyReLU, {"alpha": slope})]))
    if (alpha := float(-at[-12.0] / -np.expm1(-12.0))) >= 0:
        known.append((np.where(x > 0, x, alpha * np.expm1(below)), [Piece(ELU, {"alpha": alpha})]))
    bounds = low if at[-12.0] == low else None, high if at[12.0] == high else None
    if (clip := clipping(*bounds)) is not None:
        known.append((np.clip(x, *bounds) if any(b is not None for b in bounds) else x, clip))
    slope, middle = float(at[0.005] - at[-0.005]) / 0.01, float(at[0.0])
    known.append((np.clip(slope * x + middle, 0, 1), hard_sigmoid(slope, middle)))
    return known


def hard_sigmoid(alpha: float, beta: float) -> list[Piece]:
    """min(max(alpha x + beta, 0), 1). Ours has alpha = 1/6 and beta = 1/2."""
    scale, shift = 6 * alpha, 6 * beta - 3
    close = abs(scale - 1) < CLOSE and abs(shift) < CLOSE
    return ([] if close else [Affine(scale, shift)]) + [Piece(HardSigmoid, {})]


def clipping(low: float | None, high: float | None) -> list[Piece] | None:
    """min(max(x, low), high), made of our ReLU or HardSigmoid; None where high < low."""
    if low is None and high is None:
        return []
    if high is None:
        return [Piece(ReLU, {})] if low == 0 else [Affine(1, -low), Piece(ReLU, {}), Affine(1, low)]  # type: ignore[operator]
    if low is None:
        return [Affine(-1, high), Piece(ReLU, {}), Affine(-1, high)]
    if low >= high:
        return None
    return [*hard_sigmoid(1 / (high - low), -low / (high - low)), Affine(high - low, low)]


def erf(x: Any) -> Any:
    """The error function, which numpy has not."""
    return np.vectorize(math.erf, otypes=[np.float64])(x)


def gelu(x: Any) -> Any:
    return 0.5 * x * (1 + erf(x / np.sqrt(2)))


def gelu_tanh(x: Any) -> Any:
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def sigmoid(x: Any) -> Any:
    return 0.5 * (1 + np.tanh(0.5 * x))


def softplus(x: Any) -> Any:
    return np.logaddexp(x, 0)


L, A = 1.0507009873554805, 1.6732632423543772  # of SELU

FUNCTIONS: dict[str, Function] = {
    "Relu": lambda x: np.maximum(x, 0),
    "Sigmoid": sigmoid,
    "Tanh": np.tanh,
    "Softplus": softplus,
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Mish": lambda x: x * np.tanh(softplus(x)),
    "Selu": lambda x: L * np.where(x > 0, x, A * np.expm1(np.minimum(x, 0))),
    "Abs": np.abs,
    "Erf": erf,
    "Exp": np.exp,
    "Log": np.log,
    "Neg": np.negative,
    "Reciprocal": np.reciprocal,
    "Sqrt": np.sqrt,
    "Sign": np.sign,
    "Not": np.logical_not,
}
COMPOSED: dict[str, Function] = {"Silu": lambda x: x * sigmoid(x), "Step": lambda x: np.where(x >= 0, 1.0, 0.0)}
PLAIN: dict[str, Any] = {
    "Relu": ReLU,
    "Sigmoid": Sigmoid,
    "Tanh": Tanh,
    "Softplus": Softplus,
    "Softsign": Softsign,
    "Silu": Silu,
    "Mish": Mish,
    "Selu": SELU,
    "Step": Step,
}
