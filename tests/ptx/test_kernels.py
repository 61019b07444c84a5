import math

import numpy as np
import pytest

from .compiler import compile_kernel, numba_cuda

cuda = numba_cuda()

from numba import float32, int32, types  # noqa: E402

from . import kernels  # noqa: E402

pytestmark = pytest.mark.compiled
POINTER, INTEGERS, MATRIX = types.CPointer(float32), types.CPointer(int32), float32[:, ::1]
RANDOM = np.random.default_rng(0)
capabilities = pytest.mark.parametrize("capability", [(8, 0), (9, 0)], ids=["sm_80", "sm_90"])


def normal(*shape):
    return RANDOM.standard_normal(shape).astype("f4")


@capabilities
@pytest.mark.parametrize("n", [1, 100, 256])
def test_vectors_add_up_with_a_tail(n, capability):
    kernel = compile_kernel(kernels.add, (POINTER,) * 3 + (int32,), capability)
    x, y, z = normal(n), normal(n), normal(n)
    kernel((2,), (128,), x, y, z, n)
    np.testing.assert_array_equal(z, x + y)


def test_arrays_come_with_their_shapes():
    kernel = compile_kernel(kernels.add, (float32[::1],) * 3 + (int32,))
    x, y, z = normal(100), normal(100), normal(100)
    kernel((1,), (128,), x, y, z, 100)
    np.testing.assert_array_equal(z, x + y)


@pytest.mark.parametrize("n", [1, 63, 1000])
def test_a_grid_stride_loop_reaches_every_element_once(n):
    kernel = compile_kernel(kernels.scale, (POINTER, POINTER, int32, float32))
    x, y = normal(n), normal(n)
    kernel((3,), (32,), x, y, n, 2.5)
    np.testing.assert_array_equal(y, np.float32(2.5) * x)


@capabilities
def test_a_transpose_has_no_bank_conflicts(capability):
    kernel = compile_kernel(kernels.transpose, (MATRIX, MATRIX, int32, int32), capability)
    x, y = normal(70, 45), normal(45, 70)
    report = kernel((2, 3), (32, 32), x, y, 70, 45)
    np.testing.assert_array_equal(y, x.T)
    assert report.shared
    assert not report.bank_conflicts


@capabilities
@pytest.mark.parametrize("n", [1, 300, 1000])
def test_a_sum_by_shuffles(n, capability):
    kernel = compile_kernel(kernels.sum_by_shuffles, (POINTER, POINTER, int32), capability)
    x, sums = normal(n), normal(2)
    report = kernel((2,), (128,), x, sums, n)
    np.testing.assert_allclose(sums.sum(), x.sum(), rtol=1e-5, atol=1e-5)
    assert not report.atomics


@pytest.mark.parametrize("n", [1, 300, 512])
def test_a_sum_in_shared_memory(n):
    kernel = compile_kernel(kernels.sum_by_halves, (POINTER, POINTER, int32))
    x, sums = normal(n), normal(4)
    kernel((4,), (128,), x, sums, n, dynamic_bytes=4 * 128)
    np.testing.assert_allclose(sums, np.pad(x, (0, 512 - n)).reshape(4, 128).sum(axis=1), rtol=1e-5, atol=1e-5)


@capabilities
@pytest.mark.parametrize("sizes", [(1, 1, 1), (33, 40, 70), (64, 32, 32)])
def test_a_product_at_odd_sizes(sizes, capability):
    m, n, k = sizes
    kernel = compile_kernel(kernels.matmul, (MATRIX,) * 3 + (int32,) * 3, capability)
    a, b, c = normal(m, k), normal(k, n), normal(m, n)
    kernel((-(-n // 32), -(-m // 32)), (32, 8), a, b, c, m, n, k)
    np.testing.assert_allclose(c, a @ b, rtol=1e-5, atol=1e-5)


@capabilities
def test_an_lstm_cell(capability):
    n, units = 7, 20
    kernel = compile_kernel(kernels.lstm, (POINTER,) * 3 + (int32, int32), capability)
    z, c, h = 4 * normal(n, 4 * units), normal(n, units), normal(n, units)
    z[0, :4] = np.inf, -np.inf, 100, -100
    i, f, g, o = np.split(z.astype("f8"), 4, axis=1)

    def sigmoid(x):
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-x))

    state = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    kernel((2,), (96,), z, c, h, n, units)
    np.testing.assert_allclose(c, state, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(h, sigmoid(o) * np.tanh(state), rtol=1e-6, atol=1e-6)


def test_four_numbers_at_once():
    kernel = compile_kernel(kernels.copy4, (POINTER, POINTER, int32))
    x, y = normal(200), normal(200)
    kernel((2,), (32,), x, y, 200)
    np.testing.assert_array_equal(y, x)
    assert any("ld.global.v4.f32" in step.text for step in kernel.program.steps)


def test_relu_keeps_nan():
    kernel = compile_kernel(kernels.relu, (POINTER, POINTER, int32))
    x = np.array([np.nan, -1, 0, 2, -np.inf, np.inf], "f4")
    y = normal(6)
    kernel((1,), (32,), x, y, 6)
    np.testing.assert_array_equal(y, np.maximum(x, 0))


def test_loops_go_on_as_long_as_their_data_says():
    kernel = compile_kernel(kernels.collatz, (INTEGERS, INTEGERS, int32))
    x, steps = np.arange(1, 51, dtype="i4"), np.zeros(50, "i4")
    kernel((1,), (64,), x, steps, 50)

    def length(v):
        return 0 if v == 1 else 1 + length(v // 2 if v % 2 == 0 else 3 * v + 1)

    assert steps.tolist() == [length(v) for v in range(1, 51)]


FUNCTIONS = {
    "exp": lambda x: math.exp(x),
    "log": lambda x: math.log(abs(x)),
    "sin": lambda x: math.sin(x),
    "cos": lambda x: math.cos(x),
    "tanh": lambda x: math.tanh(x),
    "sqrt": lambda x: math.sqrt(abs(x)),
    "erf": lambda x: math.erf(x),
    "log1p": lambda x: math.log1p(abs(x)),
    "floor": lambda x: math.floor(x),
    "pow": lambda x: math.pow(abs(x), 0.3),
}


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_mathematical_functions_are_those_of_numpy(name, kind):
    """The whole of libdevice's code for a function runs: reductions of arguments, tables, special cases."""
    function = cuda.jit(device=True)(FUNCTIONS[name])

    def kernel(x, y, n):
        i = cuda.threadIdx.x
        if i < n:
            y[i] = function(x[i])

    pointer = types.CPointer(getattr(types, kind))
    x = np.concatenate([RANDOM.standard_normal(90), [0.5, -3.0, 80.0, -80.0, 1e-5, -1e-30, 1e5, -2e5, 3e-39, 1.0]])
    x = x[np.abs(x) < 90] if name == "exp" else x
    x = x.astype(kind)
    y = np.zeros_like(x)
    compile_kernel(kernel, (pointer, pointer, int32))((1,), (128,), x, y, len(x))
    expected = [FUNCTIONS[name](v) for v in x.tolist()]
    bound = 3e-7 if kind == "float32" else 1e-15
    np.testing.assert_allclose(y, expected, rtol=bound, atol=bound * (1 if name in ("sin", "cos") else 1e-6))


def test_device_functions_that_stay_calls_are_followed():
    @cuda.jit(device=True)
    def long(v):  # too long to be written out twice by the compiler
        for _ in range(20):
            v = math.sin(v) if v > 0 else v - float32(1)
        return v

    def kernel(x, y, n):
        i = cuda.threadIdx.x
        if i < n:
            y[i] = long(x[i]) + long(-x[i])

    x, y = normal(50), normal(50)
    compiled = compile_kernel(kernel, (POINTER, POINTER, int32))
    assert "call" in compiled.ptx
    compiled((1,), (64,), x, y, 50)

    def expected(v):
        for _ in range(20):
            v = np.where(v > 0, np.sin(v), v - 1)
        return v

    np.testing.assert_allclose(y, expected(x) + expected(-x), rtol=1e-6, atol=1e-6)
