import numpy as np
import pytest

from numbanet.kernels.standardization import cpu, reference
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned

# (R, C, S); the last are larger than a task
SHAPES = [(1, 1, 1), (7, 3, 1), (2, 5, 4), (3, 1, 11)]
LARGE = [pytest.param(shape, marks=pytest.mark.compiled) for shape in [(5003, 7, 1), (3, 4, 5003)]]
EPSILON = 0.25  # above one of the deviations below


def given(shape, dtype="float64"):
    random = np.random.default_rng(shape[0])
    x, mean = random.standard_normal(shape), random.standard_normal(shape[1])
    variance = random.uniform(0.1, 3, shape[1])
    variance[-1] = 0.01 if shape[1] > 1 else 2.0
    return [a.astype("float32").astype(dtype) for a in (x, mean, variance)]


def forward(kernels, x, mean, variance, inverse=False):
    y = poisoned(x)
    (kernels.inverse if inverse else kernels.forward)(x, mean, variance, EPSILON, y)
    return y


def backward(kernels, dy, variance, inverse=False):
    dx = poisoned(dy)
    (kernels.inverse_backward if inverse else kernels.backward)(dy, variance, EPSILON, dx)
    return dx


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_reference_is_the_gradient(shape, inverse):
    x, mean, variance = given(shape)
    dy = np.random.default_rng(9).standard_normal(shape)

    def loss():
        return float((forward(reference, x, mean, variance, inverse) * dy).sum())

    assert_gradient(backward(reference, dy, variance, inverse), loss, x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("shape", SHAPES + LARGE)
def test_cpu_agrees_with_the_reference_and_numpy(shape, inverse, dtype):
    x, mean, variance = given(shape, dtype)
    double = [a.astype("float64") for a in (x, mean, variance)]
    y, expected = forward(cpu, x, mean, variance, inverse), forward(reference, *double, inverse)
    assert_agrees(y, expected)
    deviation = np.maximum(np.sqrt(double[2]), EPSILON)[:, None]
    means = double[1][:, None]
    assert_agrees(expected, double[0] * deviation + means if inverse else (double[0] - means) / deviation)
    assert_agrees(backward(cpu, x, variance, inverse), backward(reference, double[0], double[2], inverse))


@pytest.mark.parametrize("kernels", [cpu, reference])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_inverse_gives_back_what_was_standardised(kernels, dtype):
    x, mean, variance = given((7, 3, 5), dtype)
    assert_agrees(forward(kernels, forward(kernels, x, mean, variance), mean, variance, True), x.astype("float64"))


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_a_constant_feature_becomes_0_and_nan_passes(kernels):
    x = np.array([[[3.0], [np.nan], [1.0], [5.0]]])
    mean, variance = np.array([3.0, 0.0, 0.0, np.nan]), np.array([0.0, 1.0, np.nan, 1.0])
    y = forward(kernels, x, mean, variance)
    assert y[0, 0, 0] == 0
    assert np.isnan(y[0, 1:]).all()
    assert list(np.isnan(backward(kernels, np.ones_like(x), variance)[0, :, 0])) == [False, False, True, False]
