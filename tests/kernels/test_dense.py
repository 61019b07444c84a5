import numpy as np
import pytest

from numbanet.kernels.dense import cpu, reference
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned

SIZES = [(1, 1, 1), (1, 7, 3), (1, 131, 300), (5, 3, 1), (4, 64, 32), (13, 7, 31), (67, 131, 37)]
SIZES += [pytest.param(size, marks=pytest.mark.compiled) for size in ((65, 300, 129), (9, 5, 531), (37, 300, 531))]


def arrays(N, I, O, dtype="float64"):
    random = np.random.default_rng(N + I + O)
    return tuple(random.standard_normal(shape).astype(dtype) for shape in ((N, I), (I, O), (O,), (N, O)))


@pytest.mark.parametrize("size", [(1, 1, 1), (3, 4, 2), (5, 2, 7)])
def test_reference_is_the_gradient(size):
    x, w, b, dy = arrays(*size)
    y, dx, dw, db = map(poisoned, (dy, x, w, b))

    def loss():
        reference.forward(x, w, b, y)
        return float((y * dy).sum())

    reference.backward_input(dy, w, dx)
    reference.backward_kernel(dy, x, dw)
    reference.backward_bias(dy, db)
    assert_gradient(dx, loss, x)
    assert_gradient(dw, loss, w)
    assert_gradient(db, loss, b)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_cpu_agrees_with_the_reference(size, dtype):
    single = arrays(*size, dtype)
    double = tuple(a.astype("float64") for a in single)
    results = []
    for kernels, (x, w, b, dy) in ((cpu, single), (reference, double)):
        y, dx, dw, db = map(poisoned, (dy, x, w, b))
        kernels.forward(x, w, b, y)
        kernels.backward_input(dy, w, dx)
        kernels.backward_kernel(dy, x, dw)
        kernels.backward_bias(dy, db)
        results.append((y, dx, dw, db))
    for found, expected in zip(*results, strict=True):
        assert_agrees(found, expected)


@pytest.mark.parametrize("size", SIZES)
def test_reference_agrees_with_torch(size):
    torch = pytest.importorskip("torch")
    x, w, b, dy = arrays(*size)
    y, dx, dw, db = map(poisoned, (dy, x, w, b))
    reference.forward(x, w, b, y)
    reference.backward_input(dy, w, dx)
    reference.backward_kernel(dy, x, dw)
    reference.backward_bias(dy, db)
    tx, tw, tb = (torch.tensor(a, requires_grad=True) for a in (x, w, b))
    ty = tx @ tw + tb
    ty.backward(torch.tensor(dy))
    for found, expected in ((y, ty.detach()), (dx, tx.grad), (dw, tw.grad), (db, tb.grad)):
        assert_agrees(found, expected.numpy(), 1e-10)


@pytest.mark.compiled
@pytest.mark.parametrize(("rows", "columns"), [(1, 300), (3, 10), (37, 64)])
def test_long_sums_keep_their_digits(rows, columns):
    """They are taken block by block: a single one of so many float32 would be off by 3e-6 to 4e-6."""
    x, w, b, dy = arrays(rows, 20_001, columns, "float32")
    y = poisoned(dy)
    cpu.forward(x, w, b, y)
    assert_agrees(y, x.astype("float64") @ w.astype("float64") + b, 1e-6)
    alone = poisoned(y[:1])
    cpu.forward(x[:1], w, b, alone)
    np.testing.assert_array_equal(alone, y[:1])  # whatever rows there are beside it


@pytest.mark.parametrize("dtype", DTYPES)
def test_forward_without_bias(dtype):
    x, w, b, y = arrays(13, 7, 31, dtype)
    for kernels in (cpu, reference):
        found, expected = poisoned(y), poisoned(y)
        kernels.forward_without_bias(x, w, found)
        reference.forward(x, w, np.zeros_like(b), expected)
        assert_agrees(found, expected)
