import numpy as np
import pytest

from numbanet.kernels.global_average_pool import cpu as average
from numbanet.kernels.global_average_pool import reference as average_reference
from numbanet.kernels.global_max_pool import cpu as largest
from numbanet.kernels.global_max_pool import reference as largest_reference
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned

SIZES = [(1, 1, 1), (3, 7, 1), (2, 4, 3), (2, 5, 17), (1, 37, 5)]
LARGER = [(7, 100, 64), (2, 4999, 3), (65, 9, 300), (1, 70, 521)]
every_size = pytest.mark.parametrize("size", SIZES)


def arrays(N, T, C, dtype="float64"):
    """x with values that are far apart, and dy."""
    random = np.random.default_rng(N + T + C)
    x = random.permutation(N * T * C).reshape(N, T, C) / (N * T * C) - 0.3
    return x.astype(dtype), random.standard_normal((N, C)).astype(dtype)


def run_average(kernels, x, dy):
    y, dx = poisoned(dy), poisoned(x)
    kernels.forward(x, y)
    kernels.backward(dy, dx)
    return y, dx


def run_largest(kernels, x, dy):
    argmax, y, dx = np.full(dy.shape, -1, np.int32), poisoned(dy), poisoned(x)
    kernels.forward(x, argmax, y)
    kernels.backward(dy, argmax, dx)
    return y, dx, argmax


@every_size
def test_references_are_the_gradients(size):
    x, dy = arrays(*size)
    y, argmax = poisoned(dy), np.empty(dy.shape, np.int32)

    def mean_loss():
        average_reference.forward(x, y)
        return float((y * dy).sum())

    def largest_loss():
        largest_reference.forward(x, argmax, y)
        return float((y * dy).sum())

    assert_gradient(run_average(average_reference, x, dy)[1], mean_loss, x)
    assert_gradient(run_largest(largest_reference, x, dy)[1], largest_loss, x, step=1e-4)


@every_size
def test_references_agree_with_torch(size):
    torch = pytest.importorskip("torch")
    x, dy = arrays(*size)
    for (y, dx, *_), reduce in (
        (run_average(average_reference, x, dy), lambda a: a.mean(1)),
        (run_largest(largest_reference, x, dy), lambda a: a.max(1).values),
    ):
        tx = torch.tensor(x, requires_grad=True)
        ty = reduce(tx)
        ty.backward(torch.tensor(dy))
        assert_agrees(y, ty.detach().numpy(), 1e-10)
        assert_agrees(dx, tx.grad.numpy(), 1e-10)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [*SIZES, *(pytest.param(s, marks=pytest.mark.compiled) for s in LARGER)])
def test_cpu_agrees_with_the_references(size, dtype):
    x, dy = arrays(*size, dtype)
    double = x.astype("float64"), dy.astype("float64")
    for kernels, reference, run in (
        (average, average_reference, run_average),
        (largest, largest_reference, run_largest),
    ):
        for found, expected in zip(run(kernels, x, dy), run(reference, *double), strict=True):
            if found.dtype == np.int32:
                assert np.array_equal(found, expected)
            else:
                assert_agrees(found, expected)


@pytest.mark.parametrize("kernels", [largest, largest_reference])
def test_ties_give_the_gradient_to_the_first(kernels):
    x, dy = np.zeros((2, 5, 19), "float32"), np.ones((2, 19), "float32")
    x[:, 3:] = 1.0
    y, dx, argmax = run_largest(kernels, x, dy)
    assert np.all(y == 1.0)
    assert np.all(argmax == 3)
    assert np.all(dx[:, 3] == 1.0)
    assert np.all(np.delete(dx, 3, axis=1) == 0.0)
    x[...] = -np.inf
    y, dx, argmax = run_largest(kernels, x, dy)
    assert np.all(y == -np.inf)
    assert np.all(argmax == 0)


@pytest.mark.parametrize("place", [0, 2, 4])
def test_nan_passes_on(place):
    x, dy = arrays(2, 5, 19, "float32")
    x[1, place, 7] = x[1, 4, 7] = np.nan
    for kernels in (largest, largest_reference):
        y, _, argmax = run_largest(kernels, x, dy)
        assert np.array_equal(np.argwhere(np.isnan(y)), [[1, 7]])
        assert argmax[1, 7] == place
    for kernels in (average, average_reference):
        assert np.array_equal(np.argwhere(np.isnan(run_average(kernels, x, dy)[0])), [[1, 7]])


@pytest.mark.compiled
def test_a_long_sequence_keeps_its_precision():
    x = np.random.default_rng(1).random((1, 50_003, 5), "float32")
    y = poisoned(x[:, 0])
    average.forward(x, y)
    assert_agrees(y, x.astype("float64").mean(1), 8e-7)  # one sum after the other: 4e-6
