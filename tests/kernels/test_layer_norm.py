import numpy as np
import pytest

from numbanet.kernels.layer_norm import cpu, reference
from numbanet.kernels.part_sums import reference as part_sums
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned

EPSILON = 1e-3
SMALL = [(1, 1, 1), (1, 4, 1), (5, 3, 2), (3, 7, 1), (4, 2, 3)]  # rows, channels, parts; of the last, one is empty
SIZES = [(1, 1, 1), (13, 3, 2), (10, 64, 6)]
LARGE = [(7, 511, 2), (5, 1025, 2), (16385, 3, 4), (530, 97, 3), (70, 600, 3)]
every_size = pytest.mark.parametrize("size", SIZES + [pytest.param(s, marks=pytest.mark.compiled) for s in LARGE])


def arrays(R, C, dtype="float64"):
    random = np.random.default_rng(R + C)
    x, dy = random.standard_normal((R, C)) + 0.5, random.standard_normal((R, C))
    return tuple(a.astype("float32").astype(dtype) for a in (x, dy, *(random.standard_normal((2, C)) + 0.1)))


def run(kernels, x, dy, gamma, beta, P):
    """y, mean, inverse, dx, dgamma, dbeta."""
    y, dx, dgamma, dbeta = map(poisoned, (x, x, gamma, beta))
    mean, inverse = np.full((2, len(x)), np.nan, x.dtype)
    dgammas, dbetas = np.full((2, P, x.shape[1]), np.nan, x.dtype)
    kernels.forward(x, gamma, beta, EPSILON, mean, inverse, y)
    kernels.backward_input(dy, x, gamma, mean, inverse, dx)
    kernels.backward_parts(dy, x, mean, inverse, dgammas, dbetas)
    part_sums.forward(dgammas, dgamma)
    part_sums.forward(dbetas, dbeta)
    return y, mean, inverse, dx, dgamma, dbeta


@pytest.mark.parametrize("size", SMALL)
def test_reference_is_the_gradient(size):
    *shape, P = size
    x, dy, gamma, beta = arrays(*shape)
    *_, dx, dgamma, dbeta = run(reference, x, dy, gamma, beta, P)

    def loss():
        return float((run(reference, x, dy, gamma, beta, P)[0] * dy).sum())

    for gradient, values in ((dx, x), (dgamma, gamma), (dbeta, beta)):
        assert_gradient(gradient, loss, values)


@pytest.mark.parametrize("dtype", DTYPES)
@every_size
def test_cpu_agrees_with_the_reference(size, dtype):
    *shape, P = size
    found = run(cpu, *arrays(*shape, dtype), P)
    expected = run(reference, *arrays(*shape), P)
    for k, (a, b) in enumerate(zip(found, expected, strict=True)):
        if k == 3 and shape[1] == 1:
            assert np.abs(a).max() <= 1e-5, "of one channel nothing is left"
        else:
            assert_agrees(a, b)


@pytest.mark.parametrize("size", SMALL)
def test_reference_agrees_with_torch(size):
    torch = pytest.importorskip("torch")
    *shape, P = size
    x, dy, gamma, beta = arrays(*shape)
    y, _, _, *found = run(reference, x, dy, gamma, beta, P)
    given = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    expected = torch.nn.functional.layer_norm(given[0], (shape[1],), given[1], given[2], EPSILON)
    expected.backward(torch.tensor(dy))
    assert_agrees(y, expected.detach().numpy(), 1e-10)
    for a, b in zip(found, given, strict=True):
        assert np.abs(a - b.grad.numpy()).max() <= 1e-10 * max(1.0, np.abs(a).max())


@pytest.mark.parametrize(("mean", "tolerance"), [(1e3, 2e-6), (-1e5, 2e-6), (1e7, 1e-4)])
def test_variance_is_right_far_from_zero(mean, tolerance):
    x = np.round(np.random.default_rng(0).standard_normal((5, 300)) * 50) + mean
    _, _, inverse, *_ = run(cpu, *(a.astype("float32") for a in (x, x, np.ones(300), np.zeros(300))), 2)
    expected = (x.var(1) + EPSILON) ** -0.5
    assert np.abs(inverse - expected).max() <= tolerance * expected.max()


def test_constant_rows_become_beta():
    x = np.repeat(np.array([[0.0], [0.1], [-3e4]], "float32"), 41, 1)
    y, _, _, dx, *_ = run(cpu, x, np.ones_like(x), *np.full((2, 41), 2.0, "float32"), 1)
    assert np.array_equal(y, np.full_like(x, 2.0))
    assert np.abs(dx).max() <= 1e-4


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_nan_stays_in_its_row(kernels):
    x, dy, gamma, beta = arrays(13, 9, "float32")
    x[4, 2] = np.nan
    y, mean, inverse, dx, dgamma, dbeta = run(kernels, x, dy, gamma, beta, 2)
    bad = np.arange(13) == 4
    for a in (y, dx):
        assert np.array_equal(np.isnan(a), np.repeat(bad[:, None], 9, 1))
    for a in (mean, inverse):
        assert np.array_equal(np.isnan(a), bad)
    assert np.isnan(dgamma).all()
    assert not np.isnan(dbeta).any()
