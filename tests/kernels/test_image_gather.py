import numpy as np
import pytest

from numbanet.kernels.image_gather import cpu, reference
from tests.oracles import DTYPES, assert_agrees, assert_gradient

# (N, H, W, C), (P, Q); the last are larger than a task
CASES = [((1, 1, 1, 1), (1, 1)), ((2, 3, 5, 1), (3, 5)), ((3, 4, 2, 7), (5, 3)), ((2, 2, 3, 2), (1, 4))]
LARGE = [
    pytest.param(*case, marks=pytest.mark.compiled)
    for case in [((23, 31, 29, 1), (31, 29)), ((7, 17, 19, 13), (13, 23)), ((2, 131, 70, 3), (131, 70))]
]
FILL = 0.75


def given(shape, size, dtype="float64"):
    """Images, maps with every index and -1, and a gradient."""
    random = np.random.default_rng(sum(shape))
    (N, H, W, C), (P, Q) = shape, size
    arrays = random.standard_normal(shape), random.integers(-1, H, (N, P)), random.integers(-1, W, (N, Q))
    return [a.astype("float32").astype(dtype) for a in (*arrays, random.standard_normal((N, P, Q, C)))]


def forward(kernels, x, rows, columns, fill=FILL):
    y = np.full((*rows.shape, columns.shape[1], x.shape[3]), np.nan, x.dtype)
    kernels.forward(x, rows, columns, fill, y)
    return y


def backward(kernels, dy, rows, columns, shape):
    dx = np.full(shape, np.nan, dy.dtype)
    kernels.backward(dy, rows, columns, dx)
    return dx


def by_numpy(x, rows, columns):
    n, i, j = np.arange(len(x))[:, None, None], rows.astype(int)[:, :, None], columns.astype(int)[:, None]
    return np.where(((i >= 0) & (j >= 0))[..., None], x[n, i, j], FILL)


@pytest.mark.parametrize(("shape", "size"), CASES)
def test_reference_is_the_gradient(shape, size):
    x, rows, columns, dy = given(shape, size)

    def loss():
        return float((forward(reference, x, rows, columns) * dy).sum())

    assert_gradient(backward(reference, dy, rows, columns, shape), loss, x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "size"), CASES + LARGE)
def test_cpu_agrees_with_the_reference_and_numpy(shape, size, dtype):
    x, rows, columns, dy = given(shape, size, dtype)
    double = [a.astype("float64") for a in (x, rows, columns, dy)]
    y = forward(cpu, x, rows, columns)
    assert np.array_equal(y, by_numpy(x, rows, columns))
    assert np.array_equal(forward(reference, *double[:3]), y)
    expected = backward(reference, double[3], *double[1:3], shape)
    assert_agrees(backward(cpu, dy, rows, columns, shape), expected)


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_the_gradient_of_a_mirrored_image_is_mirrored(kernels):
    x, _, _, dy = given((2, 3, 4, 5), (3, 4))
    rows, columns = np.tile(np.arange(3.0), (2, 1)), np.tile(np.arange(4.0)[::-1], (2, 1))
    assert np.array_equal(forward(kernels, x, rows, columns), x[:, :, ::-1])
    assert np.array_equal(backward(kernels, dy, rows, columns, x.shape), dy[:, :, ::-1])


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_copies_add_up_and_what_is_left_out_has_gradient_0(kernels):
    dy = given((1, 1, 1, 2), (4, 3))[3]
    rows, columns = np.array([[1.0, 1.0, -1.0, 1.0]]), np.array([[0.0, -1.0, 0.0]])
    dx = backward(kernels, dy, rows, columns, (1, 3, 2, 2))
    expected = np.zeros((1, 3, 2, 2))
    expected[0, 1, 0] = dy[0, [0, 1, 3]][:, [0, 2]].sum(axis=(0, 1))
    assert_agrees(dx, expected)
    assert np.count_nonzero(dx) == 2


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_nan_passes_where_it_is_taken(kernels):
    x, one, none = np.full((1, 1, 1, 1), np.nan), np.zeros((1, 1)), np.full((1, 1), -1.0)
    assert np.isnan(forward(kernels, x, one, one)).all()
    assert forward(kernels, x, one, none) == FILL
    assert forward(kernels, x, none, one) == FILL
    assert np.isnan(backward(kernels, x, one, one, x.shape)).all()
    assert backward(kernels, x, one, none, x.shape) == 0
