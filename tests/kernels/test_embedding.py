import numpy as np
import pytest
from numba import config

import numbanet as nn
from numbanet.kernels.embedding import cpu, reference
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned

# V, E, R: rows and columns of the table, positions
CASES = [
    (1, 1, 1),
    (7, 3, 11),
    (13, 1, 5),
    (3, cpu.COLUMNS, 7),
    (5, cpu.COLUMNS + 3, 17),
    pytest.param((1009, 2 * cpu.COLUMNS + 17, 701), marks=pytest.mark.compiled),
    pytest.param((11, 37, 20011), marks=pytest.mark.compiled),
]


def values(V, E, R, dtype="float64"):
    random = np.random.default_rng(V + E + R)
    x = np.minimum(random.geometric(min(1, 2 / V), R) - 1, V - 1)  # some come often, and some never
    return x.astype(dtype), *(random.standard_normal(shape).astype(dtype) for shape in ((V, E), (R, E)))


def forward(kernels, x, w):
    y = np.full((x.size, w.shape[1]), np.nan, w.dtype)
    kernels.forward(x, w, y)
    return y


def backward(kernels, dy, x, w):
    dw = poisoned(w)
    kernels.backward(dy, x, dw)
    return dw


@pytest.mark.parametrize("shape", CASES[:5])
def test_reference_is_the_gradient(shape):
    x, w, dy = values(*shape)

    def loss():
        return float((forward(reference, x, w) * dy).sum())

    assert_gradient(backward(reference, dy, x, w), loss, w)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", CASES)
def test_cpu_agrees_with_the_reference(shape, dtype):
    x, w, dy = values(*shape, dtype)
    assert np.array_equal(forward(cpu, x, w), forward(reference, x, w))
    assert_agrees(backward(cpu, dy, x, w), backward(reference, *(a.astype("float64") for a in (dy, x, w))))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", CASES)
def test_rows_are_summed_in_order_of_position(shape, dtype):
    x, w, dy = values(*shape, dtype)
    expected = np.zeros_like(w)
    np.add.at(expected, x.astype(int), dy)
    assert np.array_equal(backward(cpu, dy, x, w), expected)
    assert not expected[np.setdiff1d(np.arange(len(w)), x)].any()


@pytest.mark.parametrize("shape", CASES)
def test_against_torch(shape):
    torch = pytest.importorskip("torch")
    x, w, dy = values(*shape)
    table = torch.tensor(w, requires_grad=True)
    y = torch.nn.functional.embedding(torch.tensor(x.astype("int64")), table)
    assert np.array_equal(forward(cpu, x, w), y.detach().numpy())
    y.backward(torch.tensor(dy))
    assert np.allclose(backward(cpu, dy, x, w), table.grad.numpy(), rtol=0, atol=1e-12)


@pytest.mark.compiled
def test_one_bit_pattern_on_any_number_of_threads():
    x, w, dy = values(307, 5 * cpu.COLUMNS, 4001, "float32")
    before, found = nn.get_num_threads(), set()
    try:
        for count in [c for c in (1, 2, 3, 4, 8) if c <= config.NUMBA_NUM_THREADS]:
            nn.set_num_threads(count)
            found.add((forward(cpu, x, w).tobytes(), backward(cpu, dy, x, w).tobytes()))
    finally:
        nn.set_num_threads(before)
    assert len(found) == 1


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_what_nobody_names_spreads_no_nan(kernels):
    w = np.array([[np.nan, 1.0], [2.0, -0.0], [np.inf, 3.0]])
    x = np.array([1.0, 2.0, 1.0])
    assert forward(kernels, x, w).tobytes() == w[[1, 2, 1]].tobytes()
    dy = np.array([[1.0, 2.0], [np.nan, 3.0], [4.0, 5.0]])
    assert np.array_equal(backward(kernels, dy, x, w), [[0, 0], [5, 7], [np.nan, 3]], equal_nan=True)
