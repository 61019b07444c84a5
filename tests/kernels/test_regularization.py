import numpy as np
import pytest

from numbanet.kernels._chunks import CHUNK
from numbanet.kernels.regularization import cpu, reference
from tests.oracles import DTYPES, assert_agrees, assert_gradient

DEVICES = pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])
OPTIONS = pytest.mark.parametrize(("l1", "l2"), [(0.3, 0.0), (0.0, 0.2), (0.3, 0.2)])
LARGE = pytest.param(2 * CHUNK + 131, marks=pytest.mark.compiled)


def weights(size, dtype="float64"):
    """Away from the kink at 0."""
    random = np.random.default_rng(size)
    return (random.uniform(0.1, 2, size) * random.choice([-1, 1], size)).astype(dtype)


@OPTIONS
@pytest.mark.parametrize("size", [1, 7])
def test_reference_is_the_gradient(size, l1, l2):
    w, dw = weights(size), np.zeros(size)

    def loss():
        total = np.zeros(1)
        reference.penalty(w, l1, l2, total)
        return float(total[0])

    reference.gradient(w, l1, l2, dw)
    assert_gradient(dw, loss, w)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 131, LARGE])
def test_cpu_agrees_with_the_reference(size, dtype):
    w = weights(size, dtype)
    results = []
    for kernels, kind in ((cpu, dtype), (reference, "float64")):
        loss, dw = np.array([0.5], kind), weights(size + 1, dtype)[1:].astype(kind)
        kernels.penalty(w.astype(kind), 0.3, 0.2, loss)
        kernels.gradient(w.astype(kind), 0.3, 0.2, dw)
        results.append((loss, dw))
    for found, expected in zip(*results, strict=True):
        assert_agrees(found, expected)


@DEVICES
@OPTIONS
def test_agrees_with_torch(l1, l2, kernels):
    torch = pytest.importorskip("torch")
    w, loss, dw = weights(131), np.array([0.5]), weights(131)
    before = dw.copy()
    w[3] = 0
    kernels.penalty(w, l1, l2, loss)
    kernels.gradient(w, l1, l2, dw)
    t = torch.tensor(w, requires_grad=True)
    expected = l1 * t.abs().sum() + l2 * (t * t).sum()
    expected.backward()
    assert_agrees(loss, np.array([0.5 + expected.item()]), 1e-10)
    assert_agrees(dw, before + t.grad.numpy(), 1e-10)


@DEVICES
@pytest.mark.parametrize("dtype", DTYPES)
def test_edges(dtype, kernels):
    w = np.array([0.0, -0.0, np.nan, 1.0, -1.0] * 5, dtype)
    dw, loss = np.full(w.size, 0.25, dtype), np.ones(1, dtype)
    kernels.gradient(w, 0.5, 0.125, dw)
    kernels.penalty(w, 0.5, 0.125, loss)
    assert np.array_equal(dw, np.array([0.25, 0.25, np.nan, 1.0, -0.5] * 5, dtype), equal_nan=True)
    assert np.isnan(loss[0])


@DEVICES
def test_float32_squares_do_not_overflow(kernels):
    w, loss = np.full(131, 1e20, "float32"), np.zeros(1, "float32")
    kernels.penalty(w, 0.0, 1e-10, loss)
    np.testing.assert_allclose(loss, 131e30, rtol=1e-6)


@pytest.mark.compiled
def test_a_long_sum_in_float32_keeps_its_digits():
    w, loss = np.full(3_000_000, 0.1, "float32"), np.zeros(1, "float32")
    cpu.penalty(w, 1.0, 0.0, loss)
    np.testing.assert_allclose(loss, 3_000_000 * np.float64(np.float32(0.1)), rtol=1e-7)
