"""The cases that are timed: every kernel has one, whose FLOPs and bytes are those of the reference's loops."""

import importlib

import pytest

from numbanet.bench import cases, verification
from numbanet.errors import ArgumentError

from ..cuda.on_device import TOLERANCE
from ..test_structure import kernels_of
from .counting import count

SMALL = {"A": 7, "B": 5, "C": 4, "E": 200, "F": 7, "G": 2, "H": 6, "I": 6, "K": 2, "M": 4, "N": 3, "O": 5, "P": 4}
SMALL |= {"R": 40, "S": 2, "T": 5, "V": 11, "W": 6}

# FLOPs that cannot be counted in the loops, and how many there are
UNCOUNTED = {
    # words of Philox are no numbers that count: (a 2^26 + b) / 2^53
    "random.uniform": 3 * SMALL["E"],
    # for two of them two uniform ones, 1 - u, log, -2 times, sqrt, 2 pi u, cos, sin, and a product each
    "random.normal": 15 * SMALL["E"] / 2,
    # the textbook multiplies every class by its target, of which all but one are 0: two bounds, log, times 1 and weight
    "cross_entropy.forward_sparse": 5 * SMALL["R"],
    # two bounds, 1 / p, weight / R and the product
    "cross_entropy.backward_sparse": 5 * SMALL["R"],
}


def small(operation):
    """A shape for each operation; matrices are larger."""
    axes = importlib.import_module(f"numbanet.bench.cases.{operation}").SIZES[0]
    sizes = SMALL | ({"N": SMALL["R"], "C": 10} if len(axes) == 2 else {})
    return ",".join(f"{axis}={sizes[axis]}" for axis in axes) or None


def small_cases(operation):
    return [case for _, case in cases.of(operation, small(operation))]


@pytest.mark.parametrize("operation", cases.OPERATIONS)
def test_every_kernel_has_a_case(operation):
    found = [case.function for case in small_cases(operation)]
    assert len(found) == len(set(found))
    assert set(found) == set(kernels_of(operation, "cpu")) == set(kernels_of(operation, "cuda"))


@pytest.mark.parametrize("operation", cases.OPERATIONS)
def test_flops_and_bytes_are_those_of_the_loops(operation, monkeypatch):
    for case in small_cases(operation):
        done = count(case, monkeypatch)
        name = f"{case.operation}.{case.function}"
        # windows that reach into the padding count as whole ones; there are a few more operations for a row
        assert case.flops == pytest.approx(UNCOUNTED.get(name, done.flops), rel=0.25, abs=4), case
        # ELU reads y where x is not above 0
        assert case.sizes("float32")[0] == pytest.approx(done.moved, rel=0.2, abs=16), case


def test_a_count_by_hand_agrees(monkeypatch):
    done = count(next(case for _, case in cases.of("adam", "1")), monkeypatch)
    assert done.flops == 3 + 4 + 2 + 5  # the two means, their corrections, the weight
    assert done.moved == 4 * (1 + 2 * 3) + 8 + 8  # g; m, v and w; the learning rate and the iteration


def test_what_is_computed_twice_counts_once(monkeypatch):
    done = count(next(case for _, case in cases.of("softmax", "1x2")), monkeypatch)
    assert done.flops == 2 * 5  # max, x - m, its exp, their sum, the quotient; the loops have the exp in two places
    assert done.moved == 4 * (2 + 2)


@pytest.mark.parametrize("operation", cases.OPERATIONS)
def test_the_processor_agrees_with_the_reference(operation):
    for case in small_cases(operation):
        found = case.make("float64")
        case.kernel("cpu")(*found)
        error = verification.difference(case, verification.expected(case), case.written(found))
        assert error <= TOLERANCE["float64"], case


@pytest.mark.nightly
@pytest.mark.compiled
@pytest.mark.parametrize("operation", cases.OPERATIONS)
def test_sizes_that_are_timed_pass_verification(operation):
    for _, case in cases.of(operation):
        found = case.make("float32")
        case.kernel("cpu")(*found)
        verification.verify(case, "float32", verification.expected(case), case.written(found))


def sizes(operation, shape=None):
    return list(dict.fromkeys(size for size, _ in cases.of(operation, shape)))


def test_sizes_are_the_main_one_and_others():
    assert sizes("dense") == ["N=128 I=784 O=512", "N=1024 I=1024 O=1024"]
    assert sizes("counter") == ["one"]


def test_a_shape_sets_axes_in_their_order_or_by_name():
    assert sizes("dense", "2x3x5") == ["N=2 I=3 O=5"]
    assert sizes("dense", "2x3") == ["N=2 I=3 O=512"]
    assert sizes("dense", "O=5, N=2") == ["N=2 I=784 O=5"]
    assert sizes("dense", "N=7") == ["N=7 I=784 O=512"]


def test_an_axis_with_a_default_is_told_where_it_is_another():
    assert sizes("conv2d", "1x6x6x2x3x3") == ["N=1 H=6 W=6 C=2 O=3 K=3"]
    strided = list(cases.of("conv2d", "1x6x6x2x3x3x2"))
    assert strided[0][0] == "N=1 H=6 W=6 C=2 O=3 K=3 S=2"
    assert strided[0][1].arguments[-1].values.shape == (1, 3, 3, 3)


@pytest.mark.parametrize(
    ("shape", "problem"),
    [
        ("2x3x5x7", "4 numbers"),
        ("N=2,Z=3", 'no axis "Z"'),
        ("2x-3", '"-3" is no positive integer'),
        ("2x0", '"0" is no positive integer'),
        ("2x3.5", '"3.5" is no positive integer'),
        ("N=two", '"two" is no positive integer'),
        ("N=", '"" is no positive integer'),
        ("", '"" is no positive integer'),
        ("N=2,3", '"3" without an axis'),
    ],
)
def test_a_wrong_shape_is_one_error_that_names_the_axes(shape, problem):
    with pytest.raises(ArgumentError) as error:
        cases.of("dense", shape)
    assert problem in str(error.value)
    assert 'axes are N, I, O: give "128x784x512", fewer of them, or names such as "N=128".' in str(error.value)


def test_an_unknown_operation_is_an_error_with_the_near_one():
    with pytest.raises(ArgumentError, match="Did you mean 'dense'"):
        cases.of("dens")


def test_an_operation_without_axes_says_so():
    with pytest.raises(ArgumentError, match="bench counter: it has no axes"):
        cases.of("counter", "3")


@pytest.mark.parametrize(("operation", "shape"), [("group_norm", "C=9,G=2"), ("max_pool2d", "H=3,K=5")])
def test_axes_that_do_not_fit_each_other_are_an_error(operation, shape):
    with pytest.raises(ArgumentError, match=f"bench {operation}: expected"):
        list(cases.of(operation, shape))
