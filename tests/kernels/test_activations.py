import inspect

import numpy as np
import pytest

from numbanet.kernels.activations import cpu, reference
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned

# options in place of alpha, for the two functions that have it
CASES = [
    *[(name, ()) for name in ("relu", "selu", "gelu", "gelu_tanh", "sigmoid", "tanh", "softplus", "softsign", "silu")],
    *[(name, ()) for name in ("mish", "hard_sigmoid", "linear", "step")],
    *[("leaky_relu", (alpha,)) for alpha in (0.01, 0.3)],
    *[("elu", (alpha,)) for alpha in (1.0, 0.5)],
]
KINKS = (-3.0, 0.0, 3.0)
CHUNK = cpu.CHUNK

functions = pytest.mark.parametrize(("name", "alpha"), CASES)


def forward(kernels, name, alpha, x):
    y = poisoned(x)
    getattr(kernels, name)(x, *alpha, y)
    return y


def backward(kernels, name, alpha, dy, x, y):
    dx = poisoned(x)
    getattr(kernels, name + "_backward")(dy, x, y, *alpha, dx)
    return dx


def values(size, dtype="float64"):
    random = np.random.default_rng(size)
    return (3.0 * random.standard_normal(size)).astype(dtype), random.standard_normal(size).astype(dtype)


def test_every_function_is_tested():
    named = {name for name in vars(cpu) if name + "_backward" in vars(cpu)}
    assert named == {name for name, _ in CASES} | {"relu_in_place"}


@pytest.mark.parametrize("kernels", [cpu, reference])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 127, pytest.param(CHUNK + 1009, marks=pytest.mark.compiled)])
def test_relu_in_place_is_relu(kernels, size, dtype):
    x, dy = values(size, dtype)
    x[: size // 7 : 2], x[1 : size // 7 : 2] = 0.0, np.nan
    y = forward(kernels, "relu", (), x)
    dx = backward(kernels, "relu", (), dy, x, y)
    kernels.relu_in_place(x)
    kernels.relu_in_place_backward(x, dy)
    assert np.array_equal(x, y, equal_nan=True)
    assert np.array_equal(dy, dx, equal_nan=True)


@functions
def test_the_reference_is_the_gradient(name, alpha):
    x, dy = values(41)
    for kink in KINKS:
        x[np.abs(x - kink) < 0.05] = kink + 0.1
    assert np.any(x > 3.0)
    assert np.any(x < -3.0)
    y = forward(reference, name, alpha, x)
    dx = backward(reference, name, alpha, dy, x, y)

    def loss():
        return float((forward(reference, name, alpha, x) * dy).sum())

    assert_gradient(dx, loss, x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 127, pytest.param(CHUNK + 1009, marks=pytest.mark.compiled)])
@functions
def test_cpu_agrees_with_the_reference(name, alpha, size, dtype):
    single = values(size, dtype)
    results = []
    for kernels, (x, dy) in ((cpu, single), (reference, tuple(a.astype("float64") for a in single))):
        y = forward(kernels, name, alpha, x)
        results.append((y, backward(kernels, name, alpha, dy, x, y)))
    for found, expected in zip(*results, strict=True):
        assert found.dtype == dtype
        assert_agrees(found, expected)


@functions
@pytest.mark.parametrize("kernels", [cpu, reference])
def test_agrees_with_torch_kinks_included(name, alpha, kernels):
    torch = pytest.importorskip("torch")
    F = torch.nn.functional
    x, dy = values(131)
    x[: len(KINKS)] = KINKS
    tx = torch.tensor(x, requires_grad=True)
    oracles = {
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
        "softplus": lambda x: F.softplus(x, threshold=100.0),
        "hard_sigmoid": lambda x: F.relu6(x + 3.0) / 6.0,  # F.hardsigmoid holds 1/6 in float32
        "linear": lambda x: x.clone(),
        "step": lambda x: torch.heaviside(x.detach(), torch.ones((), dtype=x.dtype)) + 0.0 * x,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
    }
    ty = oracles.get(name, getattr(F, name, None))(tx, *alpha)
    ty.backward(torch.tensor(dy))
    y = forward(kernels, name, alpha, x)
    assert_agrees(y, ty.detach().numpy(), 1e-10)
    assert_agrees(backward(kernels, name, alpha, dy, x, y), tx.grad.numpy(), 1e-10)


@pytest.mark.parametrize("kernels", [cpu, reference])
@functions
def test_nan_passes(name, alpha, kernels):
    x, dy = np.array([1.0, np.nan, -1.0, 0.0]), np.array([1.0, 1.0, np.nan, np.nan])
    y = forward(kernels, name, alpha, x)
    np.testing.assert_array_equal(np.isnan(y), np.isnan(x))
    dx = backward(kernels, name, alpha, dy, x, y)
    constant = name in ("linear", "step")
    np.testing.assert_array_equal(np.isnan(dx), np.isnan(dy) if constant else np.isnan(dy) | np.isnan(x))


@pytest.mark.parametrize("dtype", DTYPES)
@functions
def test_nothing_overflows_or_loses_accuracy(name, alpha, dtype):
    size = np.array([1e-30, 1e-10, 1e-5, 1e-3, 0.5, 5.0, 19.0, 21.0, 80.0, 90.0, 100.0, 700.0, 1000.0, 1e4])
    x = np.concatenate([-size, size]).astype(dtype)
    with np.errstate(over="ignore"):  # of NumPy's exp, in plain Python
        y = forward(cpu, name, alpha, x)
        dx = backward(cpu, name, alpha, np.ones_like(x), x, y)
    x = x.astype("float64")
    expected = forward(reference, name, alpha, x)
    slope = backward(reference, name, alpha, np.ones_like(x), x, expected)
    # element by element; in the tail of gelu the reference itself has x^2/2 units of error, as erfc(x / sqrt(2)) has
    tolerance = {"float32": 1e-5, "float64": 1e-13}[dtype]
    np.testing.assert_allclose(y, expected, rtol=tolerance, atol=100.0 * np.finfo(dtype).tiny)
    np.testing.assert_allclose(dx, slope, rtol=tolerance, atol=10.0 * np.finfo(dtype).eps)


def test_step_is_one_at_zero_and_lets_no_gradient_pass():
    x = np.array([-1.0, -0.0, 0.0, 1.0])
    for kernels in (cpu, reference):
        np.testing.assert_array_equal(forward(kernels, "step", (), x), [0.0, 1.0, 1.0, 1.0])
        np.testing.assert_array_equal(backward(kernels, "step", (), np.ones(4), x, x), np.zeros(4))


def test_reference_and_cpu_have_the_same_parameters():
    for name, kernel in vars(reference).items():
        if hasattr(kernel, "parameters"):
            other = getattr(cpu, name)
            assert kernel.parameters == other.parameters
            assert next(iter(inspect.signature(other.function).parameters)) == "task"


@pytest.mark.compiled
def test_no_chunk_touches_another():
    x, dy = values(2 * CHUNK + 7, "float32")
    whole = forward(cpu, "gelu", (), x)
    dx = backward(cpu, "gelu", (), dy, x, whole)
    for k in range(3):
        part = slice(k * CHUNK, (k + 1) * CHUNK)
        np.testing.assert_array_equal(forward(cpu, "gelu", (), x[part].copy()), whole[part])
        found = backward(cpu, "gelu", (), dy[part].copy(), x[part].copy(), whole[part].copy())
        np.testing.assert_array_equal(found, dx[part])
