import numpy as np
import pytest

from numbanet.kernels import conv2d
from numbanet.kernels._kernel import Executor
from numbanet.kernels.depthwise_conv2d import cpu, reference
from tests.kernels.convolutions import DEPTHWISE_GRID, LARGE_DEPTHWISE, Configuration, grid, missing_pairs, torch_pad
from tests.oracles import DTYPES, assert_agrees, assert_gradient, device_module, poisoned

large = [pytest.param(it, id=f"{it.h}x{it.w}x{it.c}-{it.o}", marks=pytest.mark.compiled) for it in LARGE_DEPTHWISE]
EVERYTHING = [*grid(DEPTHWISE_GRID), *large]


def results(kernels, it, arrays):
    """y, y without bias, dx, dw"""
    x, w, b, dy = arrays
    y, weighted, dx, dw = map(poisoned, (dy, dy, x, w))
    kernels.forward(x, w, b, *it.geometry, y)
    kernels.forward_without_bias(x, w, *it.geometry, weighted)
    kernels.backward_input(dy, w, *it.geometry, dx)
    kernels.backward_kernel(dy, x, *it.geometry, dw)
    return y, weighted, dx, dw


def test_the_grid_has_most_pairs_of_options():
    assert len(missing_pairs(DEPTHWISE_GRID)) < 20


@pytest.mark.parametrize("it", grid(DEPTHWISE_GRID))
def test_reference_is_the_gradient(it):
    x, w, b, dy = it.arrays(depthwise=True)
    y = poisoned(dy)
    program = Executor([reference.forward.bind(x, w, b, *it.geometry, y)])

    def loss():
        program.run()
        return float((y * dy).sum())

    _, _, dx, dw = results(reference, it, (x, w, b, dy))
    assert_gradient(dx, loss, x)
    assert_gradient(dw, loss, w)
    assert_gradient(dy.sum(axis=(0, 1, 2)), loss, b)


@pytest.mark.parametrize("it", [*grid(DEPTHWISE_GRID, default=2), *large])
def test_reference_is_a_grouped_convolution_on_the_same_memory(it):
    x, w, b, dy = arrays = it.arrays(depthwise=True)
    y, weighted, dx, dw = results(reference, it, arrays)
    grouped, other_dx, other_dw = map(poisoned, (y, dx, dw))
    window = (*it.kernel, 1, it.c * it.o)
    loops = device_module(conv2d, "reference")
    loops.forward(x, w.reshape(window), b, *it.geometry, grouped)
    loops.backward_input(dy, w.reshape(window), *it.geometry, other_dx)
    loops.backward_kernel(dy, x, *it.geometry, other_dw.reshape(window))
    for found, expected in ((y, grouped), (weighted + b, grouped), (dx, other_dx), (dw, other_dw)):
        assert_agrees(found, expected, 1e-14)


@pytest.mark.parametrize("it", [*grid(DEPTHWISE_GRID, default=4), *large])
def test_reference_agrees_with_torch(it):
    torch = pytest.importorskip("torch")
    x, w, b, dy = arrays = it.arrays(depthwise=True)
    y, _, dx, dw = results(reference, it, arrays)
    leaf, padded = torch_pad(torch, x, it.padding)
    tw = torch.tensor(w, requires_grad=True)
    kernel = tw.permute(2, 3, 0, 1).reshape(it.c * it.o, 1, *it.kernel)
    ty = torch.nn.functional.conv2d(padded, kernel, torch.tensor(b), it.strides, 0, it.dilation, it.c)
    ty = ty.permute(0, 2, 3, 1)
    ty.backward(torch.tensor(dy))
    for found, expected in ((y, ty.detach()), (dx, leaf.grad), (dw, tw.grad)):
        assert_agrees(found, expected.numpy(), 1e-10)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("it", EVERYTHING)
def test_cpu_agrees_with_the_reference(it, dtype):
    single = it.arrays(dtype, depthwise=True)
    double = tuple(a.astype("float64") for a in single)
    for found, expected in zip(results(cpu, it, single), results(reference, it, double), strict=True):
        assert found.dtype == dtype
        assert_agrees(found, expected)


@pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])
@pytest.mark.parametrize(("channels", "multiplier"), [(2, 3), (18, 1)])
def test_nan_reaches_what_it_takes_part_in_and_nothing_else(kernels, channels, multiplier):
    it = Configuration(2, 7, 9, channels, multiplier, (3, 2), (2, 1), (1, 2, 1, 0), (1, 2))
    x, w, b, dy = it.arrays(depthwise=True)
    clean = results(reference, it, (x, w, b, dy))
    x[1, 2, 3, 1] = dy[0, 1, 4, 1] = np.nan
    found = results(kernels, it, (x, w, b, dy))
    x[1, 2, 3, 1], dy[0, 1, 4, 1] = 1e3, 1e3
    for a, before, after in zip(found, clean, results(reference, it, (x, w, b, dy)), strict=True):
        assert np.isnan(a).any()
        assert np.array_equal(np.isnan(a), np.abs(after - before) > 1e-9)
