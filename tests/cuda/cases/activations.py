import numpy as np

from . import Given, array, case, exact, out

SIZES = [1, 131, 1030]
OPTIONS = {"leaky_relu": (0.01, 0.3), "elu": (1.0, 0.5)}
NAMES = ["relu", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "sigmoid", "tanh", "softplus", "softsign", "silu"]
NAMES += ["mish", "hard_sigmoid", "linear", "step"]
POINTS = [0.0, -0.0, -3.0, 3.0, -1e-30, 1e-30, -1e-3, 1e-3, -0.5, 0.5, -5.0, 5.0, -19.0, 21.0, np.nan]
FAR = [-80.0, 90.0, -700.0, 700.0, -1e4, 1e4]


def both(name, x, alpha, note=""):
    """Forward, and backward from the y that belongs to x."""
    yield case(name, x, *alpha, out(x.values.size), note=note)
    forward = case(name, x, *alpha, out(x.values.size))
    dy = array(x.values.size)
    yield case(name + "_backward", dy, x, output(*forward[:2]), *alpha, out(x.values.size), note=note)


def output(name, arguments):
    """What the reference makes of them, as an argument of its own."""
    from numbanet.kernels.activations import reference

    values = [a.values.copy() if isinstance(a, Given) else a for a in arguments]
    with np.errstate(all="ignore"):
        getattr(reference, name)(*values)
    return exact(values[-1])


def cases():
    for name in NAMES:
        for alpha in OPTIONS.get(name, (None,)):
            given, note = ((), "") if alpha is None else ((alpha,), f"{alpha}")
            for size in SIZES:
                yield from both(name, array(size), given, note)
            yield from both(name, exact(POINTS), given, f"{note}points")
            yield from both(name, exact(FAR), given, f"{note}far")
    for size in SIZES:
        yield case("relu_in_place", Given(array(size).values, written=True))
        yield case("relu_in_place_backward", array(size, low=-1, high=1), Given(array(size).values, written=True))
    points = exact(POINTS).values
    yield case("relu_in_place", Given(points, written=True), note="points")
    kept = exact(np.where(points <= 0, 0.0, points))
    yield case("relu_in_place_backward", kept, Given(array(points.size).values, written=True), note="points")
    dy = exact([1.0, 1.0, np.nan, np.nan, -1.0])
    for name in NAMES:
        x, alpha = exact([1.0, np.nan, -1.0, 0.0, 2.0]), OPTIONS.get(name, ())[:1]
        y = output(*case(name, x, *alpha, out(5))[:2])
        yield case(name + "_backward", dy, x, y, *alpha, out(5), note="NaN")
