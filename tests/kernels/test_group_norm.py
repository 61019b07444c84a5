import numpy as np
import pytest

from numbanet.kernels.group_norm import cpu, reference
from numbanet.kernels.part_sums import reference as part_sums
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned

EPSILON = 1e-3
SMALL = [(1, 1, 2, 1), (2, 3, 4, 2), (2, 5, 3, 3), (3, 2, 6, 2), (2, 4, 4, 1)]  # samples, positions, channels, groups
SIZES = [*SMALL[1:], (3, 29, 32, 8), (2, 1, 513, 27), (2, 7, 1032, 3), (2, 3, 1100, 1)]
LARGE = [(2, 521, 12, 4), (67, 49, 10, 5)]
every_size = pytest.mark.parametrize("size", SIZES + [pytest.param(s, marks=pytest.mark.compiled) for s in LARGE])


def arrays(N, T, C, dtype="float64"):
    random = np.random.default_rng(N + T + C)
    x, dy = random.standard_normal((2, N, T, C)) + 0.5
    return tuple(a.astype("float32").astype(dtype) for a in (x, dy, *(random.standard_normal((2, C)) + 0.1)))


def run(kernels, x, dy, gamma, beta, G):
    """y, mean, inverse, dx, dgamma, dbeta."""
    y, dx, dgamma, dbeta = map(poisoned, (x, x, gamma, beta))
    mean, inverse = np.full((2, len(x), G), np.nan, x.dtype)
    dgammas, dbetas = np.full((2, len(x), x.shape[2]), np.nan, x.dtype)
    kernels.forward(x, gamma, beta, EPSILON, mean, inverse, y)
    kernels.backward_samples(dy, x, mean, inverse, dgammas, dbetas)
    kernels.backward_input(dy, x, gamma, mean, inverse, dgammas, dbetas, dx)
    part_sums.forward(dgammas, dgamma)
    part_sums.forward(dbetas, dbeta)
    return y, mean, inverse, dx, dgamma, dbeta


@pytest.mark.parametrize("size", SMALL)
def test_reference_is_the_gradient(size):
    *shape, G = size
    x, dy, gamma, beta = arrays(*shape)
    *_, dx, dgamma, dbeta = run(reference, x, dy, gamma, beta, G)

    def loss():
        return float((run(reference, x, dy, gamma, beta, G)[0] * dy).sum())

    for gradient, values in ((dx, x), (dgamma, gamma), (dbeta, beta)):
        assert_gradient(gradient, loss, values)


@pytest.mark.parametrize("dtype", DTYPES)
@every_size
def test_cpu_agrees_with_the_reference(size, dtype):
    *shape, G = size
    found = run(cpu, *arrays(*shape, dtype), G)
    expected = run(reference, *arrays(*shape), G)
    for a, b in zip(found, expected, strict=True):
        assert_agrees(a, b)


@pytest.mark.parametrize("size", [(2, 3, 4, 2), (2, 5, 3, 3), (3, 2, 6, 2), (2, 4, 4, 1)])
def test_reference_agrees_with_torch(size):
    torch = pytest.importorskip("torch")
    *shape, G = size
    x, dy, gamma, beta = arrays(*shape)
    y, _, _, *found = run(reference, x, dy, gamma, beta, G)
    given = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    expected = torch.nn.functional.group_norm(given[0].transpose(1, 2), G, given[1], given[2], EPSILON)
    expected.backward(torch.tensor(dy).transpose(1, 2))
    assert_agrees(y, expected.detach().transpose(1, 2).numpy(), 1e-10)
    for a, b in zip(found, given, strict=True):
        assert_agrees(a, b.grad.numpy(), 1e-10)


@pytest.mark.parametrize(("mean", "tolerance"), [(1e3, 2e-6), (-1e5, 2e-6), (1e7, 1e-4)])
def test_variance_is_right_far_from_zero(mean, tolerance):
    x = np.round(np.random.default_rng(0).standard_normal((2, 50, 6)) * 50) + mean
    _, _, inverse, *_ = run(cpu, *(a.astype("float32") for a in (x, x, np.ones(6), np.zeros(6))), 2)
    expected = (x.reshape(2, 50, 2, 3).var((1, 3)) + EPSILON) ** -0.5
    assert np.abs(inverse - expected).max() <= tolerance * expected.max()


def test_constant_groups_become_beta():
    x = np.empty((3, 7, 4), "float32")
    x[0], x[1], x[2] = 0.0, 0.1, -3e4
    y, _, _, dx, *_ = run(cpu, x, np.ones_like(x), *np.full((2, 4), 2.0, "float32"), 2)
    assert np.array_equal(y, np.full_like(x, 2.0))
    assert np.abs(dx).max() <= 1e-4


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_nan_stays_in_its_group(kernels):
    x, dy, gamma, beta = arrays(3, 5, 6, "float32")
    x[1, 2, 4] = np.nan
    y, mean, inverse, dx, dgamma, dbeta = run(kernels, x, dy, gamma, beta, 3)
    bad = np.zeros((3, 5, 6), bool)
    bad[1, :, 4:] = True
    for a in (y, dx):
        assert np.array_equal(np.isnan(a), bad)
    for a in (mean, inverse):
        assert np.array_equal(np.isnan(a), bad[:, 0, ::2])
    assert np.array_equal(np.isnan(dgamma), bad[1, 0])
    assert not np.isnan(dbeta).any()
