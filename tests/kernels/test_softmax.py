import numpy as np
import pytest

from numbanet.kernels import log_softmax, softmax
from tests.oracles import DTYPES, assert_agrees, assert_gradient, device_module, poisoned

operations = pytest.mark.parametrize("operation", [softmax, log_softmax], ids=["softmax", "log_softmax"])
devices = pytest.mark.parametrize("device", ["cpu", "reference"])


def arrays(R, C, dtype="float64"):
    random = np.random.default_rng(R + C)
    return tuple((2.0 * random.standard_normal((R, C))).astype(dtype) for _ in range(2))


def run(kernels, x, dy):
    y, dx = poisoned(x), poisoned(x)
    kernels.forward(x, y)
    kernels.backward(dy, y, dx)
    return y, dx


@operations
@pytest.mark.parametrize("size", [(1, 1), (3, 4), (2, 17)])
def test_the_reference_is_the_gradient(operation, size):
    reference = device_module(operation, "reference")
    x, dy = arrays(*size)
    _, dx = run(reference, x, dy)

    def loss():
        y = poisoned(x)
        reference.forward(x, y)
        return float((y * dy).sum())

    assert_gradient(dx, loss, x)


SIZES = [(1, 1), (7, 1), (1, 13), (13, 10), (5, 16), (3, 53), (2, 67)]
LARGE = [(1801, 10), (37, 1009), (3, 16411), (20011, 1)]  # several tasks, of many rows and of one


@operations
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [*SIZES, *[pytest.param(size, marks=pytest.mark.compiled) for size in LARGE]])
def test_cpu_agrees_with_the_reference(operation, size, dtype):
    x, dy = arrays(*size, dtype)
    found = run(device_module(operation, "cpu"), x, dy)
    expected = run(device_module(operation, "reference"), x.astype("float64"), dy.astype("float64"))
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == dtype
        if np.abs(b).max() < 1e-300:  # one class: the logarithm and all gradients are 0
            np.testing.assert_allclose(a, b, rtol=0.0, atol=1e-6 if dtype == "float32" else 1e-15)
        else:
            assert_agrees(a, b)


@operations
@devices
def test_agrees_with_torch(operation, device):
    torch = pytest.importorskip("torch")
    x, dy = arrays(19, 23)
    tx = torch.tensor(x, requires_grad=True)
    ty = (torch.softmax if operation is softmax else torch.log_softmax)(tx, dim=1)
    ty.backward(torch.tensor(dy))
    y, dx = run(device_module(operation, device), x, dy)
    assert_agrees(y, ty.detach().numpy(), 1e-10)
    assert_agrees(dx, tx.grad.numpy(), 1e-10)


@operations
@devices
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("C", [3, 40])
def test_large_scores_and_ties(operation, device, dtype, C):
    x = np.zeros((5, C), dtype)
    x[0, :2] = 1000.0  # two classes share all
    x[1, -1] = 1e4
    x[2] = -1e4  # all alike
    x[3, 1:] = -np.inf  # masked: the first class is certain
    probabilities = np.zeros((5, C))
    probabilities[0, :2] = 0.5
    probabilities[1, -1] = 1.0
    probabilities[2] = probabilities[4] = 1.0 / C
    probabilities[3, 0] = 1.0
    y = poisoned(x)
    device_module(operation, device).forward(x, y)
    if operation is softmax:
        np.testing.assert_allclose(y, probabilities, rtol=1e-6, atol=1e-30)
    else:
        shift = np.array([1000.0 + np.log(2.0), 1e4, -1e4 + np.log(C), 0.0, np.log(C)])
        np.testing.assert_allclose(y, x.astype("float64") - shift[:, None], rtol=1e-6, atol=1e-30)


@operations
@devices
@pytest.mark.parametrize("C", [3, 40])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_spoil_their_row_and_no_other(operation, device, C, value):
    for column in (0, 1, C - 1):
        x, dy = arrays(3, C)
        x[1, column] = value
        with np.errstate(invalid="ignore"):
            y, dx = run(device_module(operation, device), x, dy)
        for a in (y, dx):
            np.testing.assert_array_equal(np.isnan(a).all(axis=1), [False, True, False])
            assert not np.isnan(a[[0, 2]]).any()


@operations
@devices
def test_nan_gradient_passes(operation, device):
    x, dy = arrays(3, 7)
    dy[2, 4] = np.nan
    _, dx = run(device_module(operation, device), x, dy)
    assert np.isnan(dx[2]).all()
    assert not np.isnan(dx[:2]).any()


@pytest.mark.parametrize("C", [1, 10, 100])
def test_probabilities_sum_to_one(C):
    x, _ = arrays(11, C, "float32")
    y = poisoned(x)
    device_module(softmax, "cpu").forward(x, y)
    np.testing.assert_allclose(y.sum(axis=1, dtype="float64"), 1.0, rtol=1e-6)
