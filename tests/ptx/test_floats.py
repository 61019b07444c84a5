from fractions import Fraction

import numpy as np
import pytest

from .snippets import elementwise

RANDOM = np.random.default_rng(0)
EDGES = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-45, -1e-40, 1.17549435e-38, 3.4e38, 0.5, 1.5, 2.5, 1 / 3]


def pairs(dtype="f4"):
    """All pairs of edge values, and random ones of all sizes."""
    edges = np.array(EDGES).astype(dtype)
    a, b = (m.reshape(-1) for m in np.meshgrid(edges, edges))
    numbers = RANDOM.standard_normal((2, 400)) * 10.0 ** RANDOM.integers(-6, 6, (2, 400))
    return np.concatenate([a, numbers[0].astype(dtype)]), np.concatenate([b, numbers[1].astype(dtype)])


def same(received, expected):
    """Equal in every bit but NaN's payload."""
    np.testing.assert_array_equal(received, expected)
    number = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(received)[number], np.signbit(expected)[number])


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("kind", ["f32", "f64"])
@pytest.mark.parametrize(
    ("name", "function"),
    [("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("div.rn", np.divide)],
    ids=["add", "sub", "mul", "div"],
)
def test_arithmetic_rounds_to_nearest(name, function, kind):
    a, b = pairs(f"f{kind[1:]}"[:1] + str(int(kind[1:]) // 8))
    same(elementwise(f"{name}.{kind} d, a, b;", kind, a=a, b=b), function(a, b))


@pytest.mark.parametrize(("name", "function"), [("sqrt.rn", np.sqrt), ("rcp.rn", np.reciprocal), ("abs", np.abs)])
def test_functions_that_numpy_rounds_correctly(name, function):
    a, _ = pairs()
    same(elementwise(f"{name}.f32 d, a;", "f32", a=a), function(a))


APPROXIMATIONS = {
    "ex2": np.exp2,
    "lg2": np.log2,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "rcp": lambda x: 1 / x,
    "sqrt": np.sqrt,
}


@pytest.mark.parametrize("name", APPROXIMATIONS)
def test_approximations_are_the_rounded_function(name):
    a, _ = pairs()
    received = elementwise(f"{name}.approx.f32 d, a;", "f32", a=a)
    same(received, APPROXIMATIONS[name](a.astype("f8")).astype("f4"))


def test_ftz_flushes_what_comes_in_and_goes_out():
    a = np.array([1e-40, -1e-40, 2e-38, 1.0], "f4")
    b = np.array([1.0, 1.0, 0.25, 1.0], "f4")
    same(elementwise("mul.ftz.f32 d, a, b;", "f32", a=a, b=b), np.array([0.0, -0.0, 0.0, 1.0], "f4"))
    same(elementwise("mul.f32 d, a, b;", "f32", a=a, b=b), a * b)


def test_sat_clamps_and_drops_nan():
    a = np.array([-3.0, 0.25, 7.0, np.nan], "f4")
    same(elementwise("add.sat.f32 d, a, a;", "f32", a=a), np.array([0.0, 0.5, 1.0, 0.0], "f4"))


def nearest(exact, dtype):
    """The number of the type nearest to a Fraction, of two the even one."""
    guess = dtype(float(exact))
    around = [np.nextafter(guess, dtype(-np.inf)), guess, np.nextafter(guess, dtype(np.inf))]
    word = f"u{guess.itemsize}"
    return min(around, key=lambda r: (abs(Fraction(float(r)) - exact), int(r.view(word)) & 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fma_rounds_once(dtype):
    kind = f"f{8 * np.dtype(dtype).itemsize}"
    a, b, c = RANDOM.standard_normal((3, 300)).astype(dtype)
    c[:100] = -a[:100] * b[:100]  # what is left is the error of the product
    ulp = np.finfo(dtype).eps
    a[100:200], b[100:200] = 1 + ulp * RANDOM.integers(1, 99, 100), 1 + ulp * RANDOM.integers(1, 99, 100)
    c[100:200] = ulp**2 * RANDOM.integers(-99, 99, 100)  # next to ties
    tie = 2.0 ** -(np.finfo(dtype).nmant // 2), 2.0 ** -((np.finfo(dtype).nmant + 3) // 2)
    a[200:202], b[200:202] = 1 + dtype(tie[0]), 1 + dtype(tie[1])
    c[200:202] = 2.0**-120, -(2.0**-120)  # lost in a wider sum, but for the tie
    received = elementwise(f"fma.rn.{kind} d, a, b, c;", kind, a=a, b=b, c=c)
    exact = [Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z)) for x, y, z in zip(a, b, c, strict=True)]
    same(received, np.array([nearest(e, dtype) for e in exact]))


def test_fma_rounds_once_to_a_subnormal_number():
    a, b = np.array([2.0**-75 * (1 + 2.0**-23)], "f4"), np.array([2.0**-75 * (1 - 2.0**-23)], "f4")
    c = np.array([2.0**-127 + 2.0**-149], "f4")
    same(elementwise("fma.rn.f32 d, a, b, c;", "f32", a=a, b=b, c=c), c)  # a little below the tie


def test_fma_carries_infinities_and_nan():
    a, b = pairs()
    same(elementwise("fma.rn.f32 d, a, b, a;", "f32", a=a, b=b), (a.astype("f8") * b + a).astype("f4"))


@pytest.mark.parametrize(("mode", "holds"), [("rm", np.less_equal), ("rp", np.greater_equal)])
def test_directed_rounding_is_the_next_number_on_its_side(mode, holds):
    a, b, c = (RANDOM.standard_normal(300).astype("f4") for _ in range(3))
    received = elementwise(f"fma.{mode}.f32 d, a, b, c;", "f32", a=a, b=b, c=c)
    other = np.nextafter(received, np.float32(np.inf if mode == "rm" else -np.inf))
    for r, o, x, y, z in zip(received, other, a, b, c, strict=True):
        exact = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
        assert holds(Fraction(float(r)), exact)
        assert not holds(Fraction(float(o)), exact)


def test_min_and_max_give_way_to_a_number():
    a, b = pairs()
    for name, function in (("min", np.fmin), ("max", np.fmax)):
        np.testing.assert_array_equal(elementwise(f"{name}.f32 d, a, b;", "f32", a=a, b=b), function(a, b))
    a, b = np.array([0.0, -0.0], "f4"), np.array([-0.0, 0.0], "f4")
    assert np.signbit(elementwise("min.f32 d, a, b;", "f32", a=a, b=b)).all()
    assert not np.signbit(elementwise("max.f32 d, a, b;", "f32", a=a, b=b)).any()


def test_min_and_max_that_keep_nan():
    a, b = pairs()
    for name, function in (("min", np.minimum), ("max", np.maximum)):
        np.testing.assert_array_equal(elementwise(f"{name}.NaN.f32 d, a, b;", "f32", a=a, b=b), function(a, b))


COMPARISONS = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: (a != b) & ~np.isnan(a) & ~np.isnan(b),  # unlike C's
    "lt": np.less,
    "ge": np.greater_equal,
    "equ": lambda a, b: ~((a < b) | (a > b)),
    "neu": np.not_equal,
    "ltu": lambda a, b: ~(a >= b),
    "leu": lambda a, b: ~(a > b),
    "gtu": lambda a, b: ~(a <= b),
    "geu": lambda a, b: ~(a < b),
    "num": lambda a, b: ~np.isnan(a) & ~np.isnan(b),
    "nan": lambda a, b: np.isnan(a) | np.isnan(b),
}


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons_know_nan(name):
    a, b = pairs()
    received = elementwise(f"setp.{name}.f32 d, a, b;", "pred", a=a, b=b)
    np.testing.assert_array_equal(received, COMPARISONS[name](a, b))


def test_setp_joins_a_predicate_and_gives_the_opposite():
    a, b = pairs()
    text = "setp.gt.f32 %p1, a, 0f00000000; setp.lt.and.f32 %p2|d, a, b, %p1;"
    np.testing.assert_array_equal(elementwise(text, "pred", a=a, b=b), ~(a < b) & (a > 0))


def test_copysign_takes_the_sign_of_the_first():
    a, b = pairs()
    same(elementwise("copysign.f32 d, a, b;", "f32", a=a, b=b), np.copysign(b, a))


def test_half_precision_rounds_like_numpy():
    a, b = (RANDOM.standard_normal(500).astype("f2") for _ in range(2))
    same(elementwise("add.f16 d, a, b;", "f16", a=a, b=b), a + b)
    same(elementwise("mul.f16 d, a, b;", "f16", a=a, b=b), a * b)
    exact = a.astype("f8") * b + a  # 22 bits and 11: exact
    same(elementwise("fma.rn.f16 d, a, b, a;", "f16", a=a, b=b), exact.astype("f2"))
