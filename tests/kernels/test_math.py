import numpy as np
import pytest

from numbanet.kernels import _math, _special
from numbanet.kernels._jit import inline
from numbanet.kernels._kernel import kernel
from tests.oracles import DTYPES, poisoned

POINTS = 2_000_000


@inline
def normal_cdf(x):
    return _special.normal_cdf(x, _special.gaussian(x))


def loop(function):
    def apply(x, y):
        for i in range(x.size):
            y[i] = function(x[i])

    apply.__qualname__ = f"loop_{getattr(function, '__name__', 'normal_cdf')}"  # names the machine code in the cache
    return kernel()(apply)


LOOPS = {
    "exp": loop(_math.exp),
    "sigmoid": loop(_math.sigmoid),
    "tanh": loop(_math.tanh),
    "expm1": loop(_special.expm1),
    "log1p": loop(_special.log1p),
    "gaussian": loop(_special.gaussian),
    "normal_cdf": loop(normal_cdf),
}


def of(name, x):
    y = poisoned(x)
    LOOPS[name](x, y)
    return y


def units(found, expected):
    """The largest error in units in the last place of the normal numbers among the expected."""
    rounded = expected.astype(found.dtype)
    normal = np.isfinite(rounded) & (np.abs(rounded) >= np.finfo(found.dtype).tiny)
    assert normal.sum() > 0.5 * found.size
    assert np.isfinite(found[normal]).all()
    error = np.abs(found[normal].astype(expected.dtype) - expected[normal])
    return float((error / np.spacing(np.abs(rounded[normal]))).max())


# the functions in extended precision, and the intervals to look at: the whole range, and where it bends
EXACT = {
    "exp": (np.exp, [(-86.0, 88.0), (-10.0, 10.0)], [(-707.0, 709.0), (-10.0, 10.0)]),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), [(-80.0, 80.0), (-10.0, 10.0)], [(-700.0, 700.0), (-10.0, 10.0)]),
    "tanh": (np.tanh, [(-12.0, 12.0), (-1.0, 1.0)], [(-22.0, 22.0), (-1.0, 1.0)]),
    "expm1": (np.expm1, [(-30.0, 0.0), (-2.0, 0.0)], [(-50.0, 0.0), (-2.0, 0.0)]),
    "log1p": (np.log1p, [(0.0, 1.0), (0.0, 0.01)], [(0.0, 1.0), (0.0, 0.01)]),
    "gaussian": (lambda x: np.exp(-x * x / 2), [(-13.0, 13.0), (-1.0, 1.0)], [(-37.0, 37.0), (-1.0, 1.0)]),
}
# the figures of the docstrings of _math and _special
FUNCTIONS = ("exp", "sigmoid", "tanh", "expm1", "log1p", "gaussian", "normal_cdf")
LIMITS = {
    "float32": dict(zip(FUNCTIONS, (1.1, 2.4, 1.4, 1.7, 2.9, 1.7, 4.9), strict=True)),
    "float64": dict(zip(FUNCTIONS, (1.0, 2.3, 1.4, 1.6, 2.9, 1.7, 4.9), strict=True)),
}
ROUNDED = 0.05  # they have one decimal


@pytest.mark.compiled
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EXACT)
def test_errors_are_those_of_the_docstring(name, dtype):
    function, *intervals = EXACT[name]
    if np.finfo(np.longdouble).eps > 1e-18:
        pytest.skip("long double is not extended here, so there is no oracle")
    for low, high in intervals[DTYPES.index(dtype)]:
        x = np.linspace(low, high, POINTS).astype(dtype)
        error = units(of(name, x), function(x.astype(np.longdouble)))
        assert 0.4 < error < LIMITS[dtype][name] + ROUNDED, (low, high, error)


@pytest.mark.compiled
@pytest.mark.parametrize(("dtype", "lowest", "points"), [("float32", -13.0, POINTS), ("float64", -37.0, 8_000)])
def test_errors_of_the_normal_distribution(dtype, lowest, points):
    for low in (lowest, -3.0, -0.7):
        x = np.linspace(low, 1.0, points).astype(dtype)
        if dtype == "float32":
            torch = pytest.importorskip("torch")
            exact = torch.special.erfc(torch.from_numpy(x.astype("float64")) / -np.sqrt(2.0)).numpy() / 2
        else:
            mpmath = pytest.importorskip("mpmath")
            with mpmath.workdps(30):
                exact = np.array([np.longdouble(mpmath.nstr(mpmath.ncdf(float(v)), 25)) for v in x])
        error = units(of("normal_cdf", x), exact)
        assert 0.4 < error < LIMITS[dtype]["normal_cdf"] + ROUNDED, (low, error)


INF, NAN = np.inf, np.nan
EDGES = {  # at inf, -inf, 0, and beyond the largest and the smallest result
    "exp": (INF, 0.0, 1.0, INF, 0.0),
    "sigmoid": (1.0, 0.0, 0.5, 1.0, 0.0),
    "tanh": (1.0, -1.0, 0.0, 1.0, -1.0),
    "gaussian": (0.0, 0.0, 1.0, 0.0, 0.0),
    "normal_cdf": (1.0, 0.0, 0.5, 1.0, 0.0),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EDGES)
def test_infinity_overflow_and_underflow(name, dtype):
    x = np.array([INF, -INF, 0.0, 1e4, -1e4], dtype)
    with np.errstate(over="ignore"):  # of NumPy's exp, in plain Python
        np.testing.assert_array_equal(of(name, x), np.array(EDGES[name], dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LOOPS)
def test_nan_stays_nan(name, dtype):
    x = np.array([0.5, NAN, 0.0, -NAN], dtype)
    np.testing.assert_array_equal(np.isnan(of(name, x)), np.isnan(x))


@pytest.mark.parametrize("dtype", DTYPES)
def test_functions_through_zero_keep_the_smallest_numbers(dtype):
    x = np.array([0.0, 1e-30, 1e-10, 1e-5], dtype)
    near = np.array([0.0, 1e-30, 1e-10, 1e-5])
    for name, sign in (("tanh", 1), ("tanh", -1), ("expm1", -1), ("log1p", 1)):
        exact = getattr(np, name)(sign * near)
        np.testing.assert_allclose(of(name, sign * x), exact, rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(of("expm1", np.array([-INF, -1e4], dtype)), [-1.0, -1.0])


@pytest.mark.compiled
@pytest.mark.parametrize(("dtype", "low", "high"), [("float32", -105.0, 90.0), ("float64", -747.0, 711.0)])
def test_exp_overflows_and_underflows_where_libm_does(dtype, low, high):
    x = np.linspace(low, high, 200_001).astype(dtype)
    with np.errstate(over="ignore", under="ignore"):
        exact = np.exp(x.astype(np.longdouble)).astype(dtype)
    found = of("exp", x)
    np.testing.assert_array_equal(np.isinf(found), np.isinf(exact))
    assert np.isinf(found).any()
    tiny = np.finfo(dtype).tiny
    denormal = exact < tiny
    assert (exact[denormal] == 0.0).any()
    assert np.isin(found[denormal], (0.0, tiny)).all(), "denormal numbers are zero, but for rounding up"
    assert (found[exact < 0.99 * tiny] == 0.0).all()
