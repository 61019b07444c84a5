import numpy as np
import pytest

from numbanet.kernels.perceptron import cpu, reference
from tests.oracles import DTYPES, assert_agrees, poisoned

KERNELS = pytest.mark.parametrize("kernels", [cpu, reference])
CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def samples(N, I, dtype="float64"):
    """Integers, so that float32 and float64 take the same decisions; the labels are noise."""
    random = np.random.default_rng(N + I)
    return random.integers(-8, 9, (N, I)).astype(dtype), random.integers(0, 2, N).astype(dtype)


def separable(N, I):
    """Points on both sides of a plane through (v, c), none nearer than the margin."""
    random = np.random.default_rng(N + I)
    v = random.standard_normal(I + 1)
    v /= np.linalg.norm(v)
    x = random.standard_normal((8 * N, I))
    x = x[np.abs(x @ v[:-1] + v[-1]) > 0.2][:N]
    score = x @ v[:-1] + v[-1]
    return x, (score > 0).astype("float64"), np.abs(score).min()


def train(kernels, x, t, epochs, rate=0.5):
    """Weights, bias, and the mistakes of each epoch, from zero."""
    w, b, mistakes = np.zeros(x.shape[1], x.dtype), np.zeros(1, x.dtype), np.array([77])
    met = []
    for _ in range(epochs):
        kernels.epoch(x, t, rate, w, b, mistakes)
        met.append(int(mistakes[0]))
    return w, b, met


def predict(kernels, x, w, b):
    y = poisoned(x[:, 0])
    kernels.predict(x, w, b, y)
    return y


@KERNELS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [(1, 1), (7, 3), (53, 17)])
def test_an_epoch_is_rosenblatts_rule(size, dtype, kernels):
    x, t = samples(*size, dtype)
    w, b, met = train(kernels, x, t, 3)
    expected_w, expected_b, expected_met = np.zeros(size[1]), 0.0, []
    for _ in range(3):
        errors = []
        for row, target in zip(x.astype("float64"), t, strict=True):
            errors.append(target - (row @ expected_w + expected_b >= 0))
            expected_w += 0.5 * errors[-1] * row
            expected_b += 0.5 * errors[-1]
        expected_met.append(np.count_nonzero(errors))
    assert met == expected_met
    assert np.array_equal(w, expected_w)
    assert b[0] == expected_b


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [(1, 1), (61, 31), pytest.param((1201, 37), marks=pytest.mark.compiled)])
def test_cpu_agrees_with_the_reference(size, dtype):
    x, t = samples(*size, dtype)
    w, b, met = train(cpu, x, t, 2, rate=0.25)
    expected_w, expected_b, expected_met = train(reference, x.astype("float64"), t.astype("float64"), 2, rate=0.25)
    assert met == expected_met
    assert_agrees(w, expected_w)
    assert_agrees(b, expected_b)
    expected = predict(reference, x.astype("float64"), expected_w, expected_b)
    assert np.array_equal(predict(cpu, x, w, b), expected)
    assert np.array_equal(expected, (x @ expected_w + expected_b >= 0).astype("float64"))


@KERNELS
@pytest.mark.parametrize("rate", [0.01, 1.0])
@pytest.mark.parametrize("size", [(40, 2), (60, 5)])
def test_novikoffs_bound_holds_where_a_plane_separates(size, rate, kernels):
    x, t, margin = separable(*size)
    bound = (1 + (x**2).sum(1).max()) / margin**2
    w, b, met = train(kernels, x, t, 60, rate)
    assert 0 < sum(met) <= bound
    assert met[-1] == 0
    assert np.array_equal(predict(kernels, x, w, b), t)


@KERNELS
@pytest.mark.parametrize("t", [[0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 0], [1, 0, 0, 0]])
def test_and_or_and_their_negations_are_learned(t, kernels):
    w, b, met = train(kernels, CORNERS, np.array(t, "float64"), 20)
    assert met[0] > 0
    assert met[-1] == 0
    assert predict(kernels, CORNERS, w, b).tolist() == t


@KERNELS
def test_xor_is_never_learned(kernels):
    w, b, met = train(kernels, CORNERS, np.array([0.0, 1.0, 1.0, 0.0]), 200)
    assert min(met) > 0
    assert predict(kernels, CORNERS, w, b).tolist() != [0, 1, 1, 0]


@KERNELS
def test_a_score_of_zero_fires(kernels):
    assert predict(kernels, CORNERS, np.zeros(2), np.zeros(1)).tolist() == [1, 1, 1, 1]


@KERNELS
@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_passes_on(dtype, kernels):
    x, t = samples(5, 3, dtype)
    x[2, 1] = np.nan
    y = predict(kernels, x, np.ones(3, dtype), np.zeros(1, dtype))
    assert np.flatnonzero(np.isnan(y)).tolist() == [2]
    w, b, met = train(kernels, x, t, 1)
    assert np.isnan(w).all()
    assert np.isnan(b).all()
    assert met[0] >= 3  # from the third sample on every output is NaN
