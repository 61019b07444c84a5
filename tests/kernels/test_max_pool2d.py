import numpy as np
import pytest

from numbanet.kernels._threads import threads
from numbanet.kernels.max_pool2d import cpu, reference
from tests.kernels.pools import LARGE, Pool, every_pool, every_pool_with_channels
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned


def run(kernels, pool, x, dy, integer=np.uint8):
    """argmax, y and dx."""
    argmax = np.full(dy.shape, 255, integer)
    y, dx = poisoned(dy), poisoned(x)
    kernels.forward(x, *pool.geometry, argmax, y)
    kernels.backward(dy, argmax, *pool.geometry, dx)
    return argmax, y, dx


def assert_same(pool, x, dy, integer=np.uint8):
    argmax, y, dx = run(cpu, pool, x, dy, integer)
    expected = run(reference, pool, x.astype("float64"), dy.astype("float64"), integer)
    assert np.array_equal(argmax, expected[0])
    assert np.array_equal(y, expected[1], equal_nan=True)
    assert_agrees(dx, expected[2])


@every_pool
def test_reference_is_the_gradient(pool):
    x, dy = pool.arrays(1, 2)
    argmax, y, dx = run(reference, pool, x, dy)
    other, again = np.empty_like(argmax), poisoned(y)

    def loss():
        reference.forward(x, *pool.geometry, other, again)
        return float((again * dy).sum())

    assert_gradient(dx, loss, x)


@every_pool
def test_reference_agrees_with_torch(pool):
    torch = pytest.importorskip("torch")
    x, dy = pool.arrays(2, 3)
    _, y, dx = run(reference, pool, x, dy)
    tx = torch.tensor(x, requires_grad=True)
    ty = torch.nn.functional.max_pool2d(pool.padded(torch, tx, -np.inf), pool.size, pool.strides).permute(0, 2, 3, 1)
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
    assert cpu.forward.tasks(x, *LARGE.geometry, None, dy) > 2
    assert_same(LARGE, x, dy)
    results = []
    for count in (1, 2):
        monkeypatch.setattr(threads, "count", count)
        results.append(run(cpu, LARGE, x, dy))
    assert all(map(np.array_equal, *results))


@every_pool
def test_ties_give_the_gradient_to_the_first(pool):
    x, dy = pool.arrays(2, 3)
    x = np.random.default_rng(3).integers(-1, 1, x.shape).astype("float32")
    assert_same(pool, x, dy.astype("float32"))
    for value in (0.0, -np.inf, np.inf):
        x[...] = value
        argmax, y, dx = run(cpu, pool, x, np.ones_like(dy, "float32"))
        (_, L), (S, R), (top, left) = pool.geometry
        P, Q = pool.positions
        assert np.all(y == value)
        expected = np.zeros_like(dx)
        for p in range(P):
            for q in range(Q):
                h, w = max(0, p * S - top), max(0, q * R - left)
                assert np.all(argmax[:, p, q] == (h - p * S + top) * L + w - q * R + left)
                expected[:, h, w] += 1
        assert np.array_equal(dx, expected)


@pytest.mark.parametrize("kernels", [cpu, reference])
@pytest.mark.parametrize("place", [(0, 0), (1, 1), (2, 3), (4, 0), (3, 2)])
def test_nan_passes_on(kernels, place):
    pool = Pool((5, 4), (3, 3), (1, 1), ((1, 1), (1, 1)))
    x, dy = pool.arrays(1, 5, "float32")
    clean = run(reference, pool, x, dy)[1]
    x[0, place[0], place[1], 2] = np.nan
    x[0, 4, 3, 2] = np.nan  # and a later one, which never takes the gradient of a window that holds both
    argmax, y, _ = run(kernels, pool, x, dy)
    for p in range(5):
        for q in range(4):
            inside = [(h, w) for h, w in (place, (4, 3)) if abs(h - p) <= 1 and abs(w - q) <= 1]
            assert np.isnan(y[0, p, q, 2]) == bool(inside)
            if inside:
                h, w = inside[0]
                assert argmax[0, p, q, 2] == (h - p + 1) * 3 + w - q + 1
            else:
                assert y[0, p, q, 2] == clean[0, p, q, 2]
    assert np.array_equal(np.delete(y, 2, axis=-1), np.delete(clean, 2, axis=-1))


def test_cells_beyond_a_byte():
    pool = Pool((1, 700), (1, 300), (1, 90), ((0, 0), (20, 0)))
    x, dy = pool.arrays(1, 3)
    assert_same(pool, x, dy, np.int32)
    assert run(cpu, pool, x, dy, np.int32)[0].max() > 255
