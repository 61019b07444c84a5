import numpy as np
import pytest

from numbanet.kernels._threads import threads
from numbanet.kernels.average_pool2d import cpu, reference
from tests.kernels.pools import LARGE, Pool, every_pool, every_pool_with_channels
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned


def run(kernels, pool, x, dy):
    """y and dx."""
    y, dx = poisoned(dy), poisoned(x)
    kernels.forward(x, *pool.geometry, y)
    kernels.backward(dy, *pool.geometry, dx)
    return y, dx


def assert_same(pool, x, dy):
    expected = run(reference, pool, x.astype("float64"), dy.astype("float64"))
    for a, b in zip(run(cpu, pool, x, dy), expected, strict=True):
        assert_agrees(a, b)


@every_pool
def test_reference_is_the_gradient(pool):
    x, dy = pool.arrays(1, 2)
    y, dx = run(reference, pool, x, dy)

    def loss():
        reference.forward(x, *pool.geometry, y)
        return float((y * dy).sum())

    assert_gradient(dx, loss, x)


@every_pool
def test_reference_agrees_with_torch(pool):
    torch = pytest.importorskip("torch")
    x, dy = pool.arrays(2, 3)
    y, dx = run(reference, pool, x, dy)
    tx = torch.tensor(x, requires_grad=True)

    def sums(a):
        padded = pool.padded(torch, a, 0.0)
        return torch.nn.functional.avg_pool2d(padded, pool.size, pool.strides, divisor_override=1)

    ty = (sums(tx) / sums(torch.ones_like(tx))).permute(0, 2, 3, 1)
    ty.backward(torch.tensor(dy))
    assert_agrees(y, ty.detach().numpy(), 1e-10)
    assert_agrees(dx, tx.grad.numpy(), 1e-10)


@pytest.mark.parametrize("dtype", DTYPES)
@every_pool_with_channels
def test_cpu_agrees_with_the_reference(pool, C, dtype):
    assert_same(pool, *pool.arrays(2, C, dtype))


@pytest.mark.compiled
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("C", [1, 19, 64])
def test_several_tasks(C, dtype, monkeypatch):
    x, dy = LARGE.arrays(-(-140 // C), C, dtype)
    assert cpu.forward.tasks(x, *LARGE.geometry, dy) > 2
    assert_same(LARGE, x, dy)
    results = []
    for count in (1, 2):
        monkeypatch.setattr(threads, "count", count)
        results.append(run(cpu, LARGE, x, dy))
    assert all(map(np.array_equal, *results))


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_cells_outside_are_not_counted(kernels):
    pool = Pool((2, 2), (2, 2), (1, 1), ((1, 1), (1, 1)))
    x, dy = np.array([[1.0, 2.0], [4.0, 8.0]]).reshape(1, 2, 2, 1), np.ones((1, 3, 3, 1))
    y, dx = run(kernels, pool, x, dy)
    assert np.array_equal(y[0, :, :, 0], [[1.0, 1.5, 2.0], [2.5, 3.75, 5.0], [4.0, 6.0, 8.0]])
    assert np.array_equal(dx[0, :, :, 0], np.full((2, 2), 1.0 + 0.5 + 0.5 + 0.25))


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_nan_stays_in_its_windows(kernels):
    pool = Pool((5, 4), (3, 3), (1, 1), ((1, 1), (1, 1)))
    x, dy = pool.arrays(1, 5, "float32")
    x[0, 1, 3, 2] = dy[0, 3, 1, 4] = np.nan
    y, dx = run(kernels, pool, x, dy)
    for found, (h, w), c in ((y, (1, 3), 2), (dx, (3, 1), 4)):
        expected = np.zeros(found.shape, bool)
        expected[0, max(0, h - 1) : h + 2, max(0, w - 1) : w + 2, c] = True
        assert np.array_equal(np.isnan(found), expected)
