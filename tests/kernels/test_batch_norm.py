import numpy as np
import pytest

from numbanet.kernels._lanes import PARTS, parts
from numbanet.kernels.batch_norm import cpu, reference
from numbanet.kernels.part_sums import reference as part_sums
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned

EPSILON, MOMENTUM = 1e-3, 0.9
SMALL = [(1, 2, 1), (5, 1, 2), (6, 4, 1), (7, 3, 3), (4, 2, 3)]  # rows, channels, parts; of the last, one is empty
SIZES = [(1, 1, 1), (13, 3, 2), (10, 7, 6), (131, 32, 3), (61, 64, 1), (7, 511, 2), (5, 1025, 2)]
LARGE = [(700, 1, 2), (1031, 3, 4), (16385, 5, 9), (300, 600, 12), (4099, 33, 9)]
every_size = pytest.mark.parametrize("size", SIZES + [pytest.param(s, marks=pytest.mark.compiled) for s in LARGE])


def arrays(R, C, dtype="float64"):
    """x, dy, gamma, beta, moving mean and variance."""
    random = np.random.default_rng(R + C)
    x, dy = random.standard_normal((R, C)) + 0.5, random.standard_normal((R, C))
    gamma, beta, mean = random.standard_normal((3, C)) + 0.1
    return tuple(a.astype("float32").astype(dtype) for a in (x, dy, gamma, beta, mean, random.uniform(0.5, 2.0, C)))


def training_forward(kernels, x, gamma, beta, moving_mean, moving_variance, P):
    """y, mean and variance; the moving statistics are changed."""
    C = x.shape[1]
    means, squares, mean, variance = (np.full(shape, np.nan, x.dtype) for shape in ((P, C), (P, C), (C,), (C,)))
    y = poisoned(x)
    kernels.partial_statistics(x, means, squares)
    kernels.statistics(x, means, squares, MOMENTUM, mean, variance, moving_mean, moving_variance)
    kernels.forward(x, mean, variance, gamma, beta, EPSILON, y)
    return y, mean, variance


def sums(kernels, dy, x, mean, variance, P):
    """dgamma and dbeta."""
    dgammas, dbetas = (np.full((P, x.shape[1]), np.nan, x.dtype) for _ in range(2))
    kernels.backward_parts(dy, x, mean, variance, EPSILON, dgammas, dbetas)
    dgamma, dbeta = poisoned(mean), poisoned(mean)
    part_sums.forward(dgammas, dgamma)
    part_sums.forward(dbetas, dbeta)
    return dgamma, dbeta


def training_backward(kernels, dy, x, gamma, mean, variance, P):
    """dx, dgamma and dbeta."""
    dgamma, dbeta = sums(kernels, dy, x, mean, variance, P)
    dx = poisoned(x)
    kernels.backward_input(dy, x, mean, variance, gamma, EPSILON, dgamma, dbeta, dx)
    return dx, dgamma, dbeta


@pytest.mark.parametrize("size", SMALL)
def test_reference_is_the_gradient_of_training(size):
    *shape, P = size
    x, dy, gamma, beta, moving_mean, moving_variance = arrays(*shape)

    def forward():
        return training_forward(reference, x, gamma, beta, moving_mean.copy(), moving_variance.copy(), P)

    def loss():
        return float((forward()[0] * dy).sum())

    _, mean, variance = forward()
    found = training_backward(reference, dy, x, gamma, mean, variance, P)
    for gradient, values in zip(found, (x, gamma, beta), strict=True):
        assert_gradient(gradient, loss, values)


@pytest.mark.parametrize("size", SMALL)
def test_reference_is_the_gradient_of_inference(size):
    *shape, P = size
    x, dy, gamma, beta, mean, variance = arrays(*shape)
    y, dx = poisoned(x), poisoned(x)

    def loss():
        reference.forward(x, mean, variance, gamma, beta, EPSILON, y)
        return float((y * dy).sum())

    dgamma, dbeta = sums(reference, dy, x, mean, variance, P)
    reference.backward_input_of_inference(dy, variance, gamma, EPSILON, dx)
    for gradient, values in ((dx, x), (dgamma, gamma), (dbeta, beta)):
        assert_gradient(gradient, loss, values)


@pytest.mark.parametrize("dtype", DTYPES)
@every_size
def test_cpu_agrees_with_the_reference(size, dtype):
    *shape, P = size
    results = []
    for kernels, kind in ((cpu, dtype), (reference, "float64")):
        x, dy, gamma, beta, moving_mean, moving_variance = arrays(*shape, kind)
        y, mean, variance = training_forward(kernels, x, gamma, beta, moving_mean, moving_variance, P)
        found = [y, mean, variance, moving_mean, moving_variance]
        found += training_backward(kernels, dy, x, gamma, mean, variance, P)
        dx, (*_, mean, variance) = poisoned(x), arrays(*shape, kind)
        kernels.backward_input_of_inference(dy, variance, gamma, EPSILON, dx)
        results.append([*found, dx, *sums(kernels, dy, x, mean, variance, P)])
    for k, (found, expected) in enumerate(zip(*results, strict=True)):
        if k == 5 and shape[0] == 1:
            assert np.abs(found).max() <= 1e-5, "the gradient of a constant"
        else:
            assert_agrees(found, expected)


@pytest.mark.parametrize("size", [(2, 1, 1), (12, 5, 2), (64, 32, 3)])
def test_agrees_with_torch_over_steps(size):
    torch = pytest.importorskip("torch")
    R, C, P = size
    _, _, gamma, beta, mean, variance = arrays(R, C)
    layer = torch.nn.BatchNorm1d(C, eps=EPSILON, momentum=1 - MOMENTUM, dtype=torch.float64)
    for target, values in zip(
        (layer.weight, layer.bias, layer.running_mean, layer.running_var), (gamma, beta, mean, variance), strict=True
    ):
        target.data[:] = torch.tensor(values)
    unbiased = variance.copy()
    for step in range(5):
        random = np.random.default_rng(step)
        x, dy = random.standard_normal((2, R, C)) * 3 + 1
        given = torch.tensor(x, requires_grad=True)
        layer.zero_grad()
        expected = layer(given)
        expected.backward(torch.tensor(dy))
        y, batch_mean, batch_variance = training_forward(reference, x, gamma, beta, mean, variance, P)
        found = training_backward(reference, dy, x, gamma, batch_mean, batch_variance, P)
        assert_agrees(y, expected.detach().numpy(), 1e-10)
        for a, b in zip(found, (given.grad, layer.weight.grad, layer.bias.grad), strict=True):
            assert_agrees(a, b.numpy(), 1e-10)
        assert_agrees(mean, layer.running_mean.numpy(), 1e-10)
        unbiased = MOMENTUM * unbiased + (1 - MOMENTUM) * batch_variance * R / (R - 1)
        assert_agrees(unbiased, layer.running_var.numpy(), 1e-10)
    # and in inference
    layer.eval()
    layer.running_var[:] = torch.tensor(variance)
    given = torch.tensor(x, requires_grad=True)
    layer.zero_grad()
    expected = layer(given)
    expected.backward(torch.tensor(dy))
    y, dx = poisoned(x), poisoned(x)
    reference.forward(x, mean, variance, gamma, beta, EPSILON, y)
    reference.backward_input_of_inference(dy, variance, gamma, EPSILON, dx)
    found = y, dx, *sums(reference, dy, x, mean, variance, P)
    for a, b in zip(found, (expected.detach(), given.grad, layer.weight.grad, layer.bias.grad), strict=True):
        assert_agrees(a, b.numpy(), 1e-10)


@pytest.mark.parametrize(("mean", "tolerance"), [(1e3, 2e-6), (-1e5, 2e-6), (1e7, 1e-4)])
def test_variance_is_right_far_from_zero(mean, tolerance):
    # E[x^2] - E[x]^2 has no right digit from 1e5 on, in float32, which holds this x exactly
    R, C, P = 500, 3, 4
    x = np.round(np.random.default_rng(0).standard_normal((R, C)) * 50) + mean
    expected = x.var(0)
    found = [np.empty(C, "float32") for _ in range(4)]
    means, squares = np.empty((2, P, C), "float32")
    single = x.astype("float32")
    cpu.partial_statistics(single, means, squares)
    cpu.statistics(single, means, squares, MOMENTUM, *found)
    assert_agrees(found[0], x.mean(0), 1e-7)
    assert np.abs(found[1] - expected).max() <= tolerance * expected.max()


def test_constant_channels_become_beta():
    for value in (0.0, 0.1, -3e4):
        x = np.full((77, 3), value, "float32")
        gamma, beta = np.full((2, 3), 2.0, "float32")
        y, mean, variance = training_forward(cpu, x, gamma, beta, *np.zeros((2, 3), "float32"), 3)
        assert np.abs(mean - np.float32(value)).max() <= 1e-7 * abs(value)
        assert np.array_equal(y, np.full_like(x, 2.0))
        dx, _, _ = training_backward(cpu, np.ones_like(x), x, gamma, mean, variance, 3)
        assert np.abs(dx).max() <= 1e-4


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_nan_stays_in_its_channel(kernels):
    x, dy, gamma, beta, moving_mean, moving_variance = arrays(13, 3, "float32")
    x[5, 1] = np.nan
    y, mean, variance = training_forward(kernels, x, gamma, beta, moving_mean, moving_variance, 2)
    dx, dgamma, dbeta = training_backward(kernels, dy, x, gamma, mean, variance, 2)
    for a in (y, mean, variance, moving_mean, moving_variance, dx, dgamma):
        assert np.array_equal(np.isnan(a).any(0) if a.ndim == 2 else np.isnan(a), [False, True, False])
        assert np.isnan(a[..., 1]).all()
    assert not np.isnan(dbeta).any()


def test_large_values_do_not_overflow():
    x = np.array([[1e18], [-1e18], [1e18], [-1e18]], "float32")
    gamma, beta, moving_mean, moving_variance = np.ones((4, 1), "float32")
    y, _, _ = training_forward(cpu, x, gamma, beta, moving_mean, moving_variance, 2)
    assert_agrees(y - 1, np.array([[1.0], [-1.0], [1.0], [-1.0]]))


def test_parts_cover_the_rows():
    for R in (*range(1, 40), 1000, 16384, 16385, 999_983, 10**7):
        for C in (1, 3, 32, 100, 5000, 70_000):
            P = parts(R, C)
            L = -(-R // P)
            assert 1 <= P <= PARTS
            assert (P - 1) * L < R <= P * L
            assert P == 1 or L * C >= 16384 // 2 - C
