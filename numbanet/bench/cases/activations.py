from __future__ import annotations

from collections.abc import Iterator

from ..case import Call, Case, Given, array, call, exact, out, update

SIZES = ({"E": 1 << 20},)

# function: FLOPs of an element forward and backward, where half of x lies below 0; arrays that backward moves
FUNCTIONS: dict[str, tuple[float, float, int]] = {
    "relu": (1, 2, 3),
    "leaky_relu": (1.5, 2, 3),
    "elu": (2, 2.5, 4),
    "selu": (2.5, 2.5, 4),
    "gelu": (4, 10, 3),
    "gelu_tanh": (11, 21, 3),
    "sigmoid": (4, 3, 3),
    "tanh": (1, 3, 3),
    "softplus": (4, 5, 3),
    "softsign": (2, 3, 3),
    "silu": (5, 8, 4),
    "mish": (6, 13, 3),
    "hard_sigmoid": (4, 3, 3),
    "linear": (0, 0, 2),
    "step": (1, 1, 2),
}
ALPHA = {"leaky_relu": 0.01, "elu": 1.0}


def cases(E: int) -> Iterator[Call]:
    x, dy = array(E), array(E, low=-1, high=1)
    for name, (forward, backward, moved) in FUNCTIONS.items():
        alpha = (ALPHA[name],) if name in ALPHA else ()
        it = call(name, x, *alpha, out(E), flops=forward * E)
        yield it
        y = _output(it)
        yield call(f"{name}_backward", dy, x, y, *alpha, out(E), flops=backward * E, moved=moved * E)
        if name == "relu":
            yield call("relu_in_place", update(x), flops=forward * E)
            yield call("relu_in_place_backward", y, update(dy), flops=backward * E)


def _output(it: Call) -> Given:
    """What the reference makes of x, as backward may be told it or may not."""
    case = Case("activations", it.function, it.arguments, "")
    arguments = case.make("float64")
    case.kernel("reference")(*arguments)
    return exact(arguments[-1])
