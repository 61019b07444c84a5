"""Kernels of one element, those of users among them; and what arrays that start anywhere, or twice, do to kernels."""

import numpy as np
import pytest

from numbanet.errors import DeviceError
from tests.ptx.compiler import numba_cuda

numba_cuda()

from numbanet.kernels._cuda import like  # noqa: E402
from numbanet.kernels._cuda_elementwise import Elementwise, elementwise  # noqa: E402
from numbanet.kernels._cuda_kernel import kernel  # noqa: E402
from numbanet.kernels.activations import cuda as activations  # noqa: E402
from numbanet.kernels.activations import reference as equations  # noqa: E402
from numbanet.kernels.add import cuda as add  # noqa: E402
from numbanet.kernels.dropout import cpu as dropout_cpu  # noqa: E402
from numbanet.kernels.dropout import cuda as dropout  # noqa: E402
from numbanet.kernels.gather import cuda as gather  # noqa: E402
from numbanet.kernels.merge import cuda as merge  # noqa: E402
from numbanet.kernels.random import cuda as random  # noqa: E402
from numbanet.kernels.random import reference as numbers  # noqa: E402
from numbanet.kernels.spatial_dropout import cuda as spatial  # noqa: E402
from tests.ptx.emulated import emulated, run  # noqa: E402

from .assembled import first_cases, float64_arithmetic  # noqa: E402
from .cases.activations import NAMES, OPTIONS  # noqa: E402

pytestmark = [pytest.mark.compiled, pytest.mark.cuda]
SIZES = [1, 3, 4, 5, 1023, 1024, 1025]
ELEMENTWISE = [c for c in first_cases() if isinstance(c.kernel("cuda"), Elementwise)]


@elementwise(whole=("count", "offsets"), numbers={"rest": lambda x, count, offsets, share, v, w: 1.0 - share})
def mean_and_step(x, count, offsets, share, v, w, rest):
    v = like(share, v) * v + like(rest, v) * x
    return v, w - v * like(count[0], w) + like(offsets[1], w)


@kernel(threads=1)
def _square(x, y, scratch):
    scratch[0] = x[0] * x[0]


@elementwise(whole=("scratch",), scratch=lambda x, y: 1, before=[_square])
def by_the_first_square(x, y, scratch):
    return x * scratch[0]


def drawn(size, seed=0, dtype="float32"):
    return np.random.default_rng([size, seed]).standard_normal(size).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", SIZES)
def test_a_kernel_of_a_user(size, dtype):
    x, v, w = (drawn(size, seed, dtype) for seed in range(3))
    expected_v = 0.75 * v + 0.25 * x  # exact factors
    expected_w = w - expected_v * 3 + 5
    run(mean_and_step, x, np.array([3]), np.array([4, 5]), np.float64(0.75), v, w)
    np.testing.assert_allclose(v, expected_v, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(w, expected_w, rtol=1e-5, atol=1e-6)


def test_numbers_are_no_arguments():
    assert mean_and_step.parameters == ("x", "count", "offsets", "share", "v", "w")


@pytest.mark.parametrize("size", SIZES)
def test_a_stage_before_it(size):
    x, y = drawn(size), np.full(size, np.nan, np.float32)
    run(by_the_first_square, x, y)
    np.testing.assert_allclose(y, x * x[0] * x[0], rtol=1e-6)


@pytest.mark.parametrize("size", SIZES)
def test_one_array_twice(size):
    device, a, b = emulated(), drawn(size), drawn(size, 1)
    x, y = device.take(a), device.take(b)
    add.forward(x, y, x)
    np.testing.assert_array_equal(np.array(x), a + b)
    add.forward(y, y, y)
    np.testing.assert_array_equal(np.array(y), 2 * b)
    activations.relu_backward(x, y, y, x)
    np.testing.assert_array_equal(np.array(x), np.where(b > 0, a + b, 0))


def test_no_elements_are_no_launch():
    device = emulated()
    x = device.take(drawn(0))
    activations.relu(x, x)
    by_the_first_square(device.take(drawn(1)), device.take(drawn(1)))
    assert device.driver.launched == [_square.name, by_the_first_square.name]


def test_shapes_may_differ_where_sizes_do_not():
    x, y = drawn(24).reshape(4, 6), np.empty((2, 3, 4), np.float32)
    run(activations.relu, x, y)
    np.testing.assert_array_equal(y.ravel(), np.maximum(x, 0).ravel())


def test_arrays_of_two_sizes_are_refused():
    device = emulated()
    with pytest.raises(TypeError, match=r"arrays of one size.*\(5,\)"):
        activations.relu(device.take(drawn(5)), device.take(drawn(6)))


def test_an_array_that_starts_off_sixteen_bytes_is_refused():
    device = emulated()
    x, y = device.take(drawn(9)), device.take(drawn(8))
    with pytest.raises(TypeError, match=r"multiples of 16 bytes.*4\)"):
        activations.relu(x[1:], y)
    activations.relu(x[4:8], y[:4])


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (activations.relu, (drawn(4), drawn(4))),
        (gather.rows, (drawn(4).reshape(2, 2), np.array([1]), np.array([0]), drawn(2).reshape(1, 2))),
        (dropout.forward, (drawn(4), 0.5, 1, 2, np.array([3]), drawn(4), drawn(4))),
    ],
)
def test_arrays_of_numpy_are_refused(function, arguments):
    with pytest.raises(DeviceError, match=r"memory, received a NumPy array"):
        function(*arguments)


def test_relu_is_two_wide_accesses():
    device = emulated()
    x = device.take(drawn(8))
    text = activations.relu.bind(x, x).ptx((9, 0)).text
    assert text.count("ld.global.v4.f32") == text.count("st.global.v4.f32") == 1
    assert ".f64" not in text
    assert ".local" not in text


@pytest.mark.parametrize("case", ELEMENTWISE, ids=str)
def test_elements_of_float32_are_not_computed_in_float64(case):
    device = emulated()
    arguments = [device.take(a) if isinstance(a, np.ndarray) else a for a in case.make("float32")]
    launch = case.kernel("cuda").bind(*arguments)
    assert not float64_arithmetic(launch, (9, 0))
    text = launch.ptx((9, 0)).text
    assert "st.global.v4.f32" in text
    assert ".local" not in text


@pytest.mark.parametrize("name", NAMES)
def test_activations_at_infinity(name):
    x = np.array([np.inf, -np.inf, 1.0])
    y, ours = np.full(3, np.nan), np.full(3, np.nan, np.float32)
    alpha = OPTIONS.get(name, ())[:1]
    getattr(equations, name)(x, *alpha, y)
    run(getattr(activations, name), x.astype(np.float32), *alpha, ours)
    np.testing.assert_allclose(ours, y, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sign", [1, -1])
def test_activations_keep_their_digits_in_the_tails(name, sign):
    size = np.array([1e-30, 1e-10, 1e-5, 1e-3, 0.5, 5.0, 9.0, 19.0, 21.0, 80.0, 90.0, 100.0, 700.0, 1000.0, 1e4])
    x = (sign * size).astype(np.float32)
    wide, alpha = x.astype(np.float64), OPTIONS.get(name, ())[:1]
    y, ours = np.full(x.size, np.nan), np.full(x.size, np.nan, np.float32)
    getattr(equations, name)(wide, *alpha, y)
    run(getattr(activations, name), x, *alpha, ours)
    np.testing.assert_allclose(ours, y, rtol=1e-5, atol=100 * np.finfo("float32").tiny)
    slope, our_slope = np.full(x.size, np.nan), np.full(x.size, np.nan, np.float32)
    getattr(equations, name + "_backward")(np.ones(x.size), wide, y, *alpha, slope)
    run(getattr(activations, name + "_backward"), np.ones_like(x), x, ours, *alpha, our_slope)
    np.testing.assert_allclose(our_slope, slope, rtol=1e-5, atol=10 * np.finfo("float32").eps)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 1030])
@pytest.mark.parametrize("address", [(0, 0, 0), (-5, 2**33 + 7, 2**40 - 1)])
def test_random_numbers_are_the_same_bits_as_everywhere(size, address):
    for name, dtype in (("words", np.uint32), ("uniform", np.float64)):
        expected, found = np.zeros(size, dtype), np.zeros(size, dtype)
        getattr(numbers, name)(*address, expected)
        run(getattr(random, name), *address, found)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("rate", [0.0, 0.1, 1.0 / 3.0, 0.99, 1.0 - 2.0**-40])
def test_masks_are_the_same_bits_as_everywhere(rate):
    x, given = drawn(1030), (rate, 2**62 + 3, -1, np.array([2**35 + 1]))
    masks = [np.full(x.size, np.nan, np.float32) for _ in range(3)]
    dropout_cpu.forward(x, *given, masks[0], np.empty_like(x))
    run(dropout.forward, x, *given, masks[1], np.empty_like(x))
    run(spatial.forward, x.reshape(10, 1, 103), *given, masks[2].reshape(10, 103), np.empty((10, 1, 103), np.float32))
    np.testing.assert_array_equal(masks[1], masks[0])
    np.testing.assert_array_equal(masks[2], masks[0])


def test_a_word_at_the_rate_is_kept():
    words, x = np.zeros(8, np.uint32), np.ones(8, np.float32)
    numbers.words(5, 6, 7, words)
    mask = np.full_like(x, np.nan)
    rate = float(np.sort(words)[3]) * 2.0**-32
    run(dropout.forward, x, rate, 5, 6, np.array([7]), mask, np.empty_like(x))
    np.testing.assert_array_equal(mask > 0, words >= np.sort(words)[3])


def starting(device, values, offset):
    """The values in the GPU's memory, from an element on that is not the first."""
    memory = device.zeros((values.size + offset,), values.dtype)
    part = memory[offset:]
    part[...] = values.reshape(-1)
    return part.reshape(values.shape)


@pytest.mark.parametrize("offset", [1, 2, 4])
def test_rows_that_start_anywhere(offset):
    device = emulated()
    a, b, order = drawn(64).reshape(8, 8), drawn(32).reshape(8, 4), np.array([7, 0, 3])
    first, second = starting(device, a, offset), starting(device, b, offset)
    out = starting(device, np.zeros((3, 8), np.float32), offset)
    gather.rows(first, device.take(order), device.zeros((1,), np.int64), out)
    np.testing.assert_array_equal(np.array(out), a[order])
    y = starting(device, np.zeros((8, 12), np.float32), offset)
    merge.concatenate(first, second, y)
    np.testing.assert_array_equal(np.array(y), np.hstack([a, b]))
    da, db = starting(device, np.zeros_like(a), offset), starting(device, np.zeros_like(b), offset)
    merge.concatenate_backward(y, da, db)
    np.testing.assert_array_equal(np.array(da), a)
    np.testing.assert_array_equal(np.array(db), b)


@pytest.mark.parametrize("offset", [1, 2, 4])
def test_random_arrays_that_start_anywhere(offset):
    device, x = emulated(), drawn(1030)
    step = device.take(np.array([5]))
    expected = [np.full_like(x, np.nan) for _ in range(2)]
    dropout_cpu.forward(x, 0.4, 1, 2, np.array([5]), *expected)
    found = [starting(device, np.zeros_like(x), offset) for _ in range(2)]
    dropout.forward(starting(device, x, offset), 0.4, 1, 2, step, *found)
    for ours, right in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.array(ours), right)
    words, out = np.zeros(1030, np.uint32), starting(device, np.zeros(1030, np.uint32), offset)
    numbers.words(1, 2, 3, words)
    random.words(1, 2, 3, out)
    np.testing.assert_array_equal(np.array(out), words)
