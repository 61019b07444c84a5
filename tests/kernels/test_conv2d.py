import numpy as np
import pytest

from numbanet.kernels._kernel import Executor
from numbanet.kernels.conv2d import cpu, reference
from tests.kernels.convolutions import (
    DEPTHWISE_GRID,
    GRID,
    LARGE,
    TRANSPOSED_GRID,
    Configuration,
    grid,
    missing_pairs,
    torch_pad,
)
from tests.oracles import DTYPES, assert_agrees, assert_gradient, poisoned

large = [pytest.param(it, id=f"{it.h}x{it.w}x{it.c}-{it.o}", marks=pytest.mark.compiled) for it in LARGE]
EVERYTHING = [*grid(GRID), *large]


def results(kernels, configuration, arrays):
    """y, dx, dw, db"""
    x, w, b, dy = arrays
    y, dx, dw, db = map(poisoned, (dy, x, w, b))
    kernels.forward(x, w, b, *configuration.geometry, y)
    kernels.backward_input(dy, w, *configuration.geometry, dx)
    kernels.backward_kernel(dy, x, *configuration.geometry, dw)
    kernels.backward_bias(dy, db)
    return y, dx, dw, db


def projection(bound, y, dy):
    """The loss sum of y dy, where `bound` computes y: linear in all that y is linear in."""
    program = Executor([bound])

    def loss():
        program.run()
        return float((y * dy).sum())

    return loss


def test_the_grid_is_large_and_has_every_pair_of_options():
    assert len({*GRID, *TRANSPOSED_GRID, *DEPTHWISE_GRID}) >= 400
    assert missing_pairs(GRID) == set()
    assert {it.groups for it in GRID} >= {1, 2, 3, 5}


@pytest.mark.parametrize("it", grid(GRID))
def test_reference_is_the_gradient(it):
    x, w, b, dy = it.arrays()
    y = poisoned(dy)
    loss = projection(reference.forward.bind(x, w, b, *it.geometry, y), y, dy)
    _, dx, dw, db = results(reference, it, (x, w, b, dy))
    assert_gradient(dx, loss, x)
    assert_gradient(dw, loss, w)
    assert_gradient(db, loss, b)


@pytest.mark.parametrize("it", grid(TRANSPOSED_GRID))
def test_transposed_reference_is_the_gradient(it):
    """backward_input as a layer: its input is `small`, its output an array like x."""
    dbig, w, _, small = it.arrays()
    big, dsmall, dw = map(poisoned, (dbig, small, w))
    loss = projection(reference.backward_input.bind(small, w, *it.geometry, big), big, dbig)
    reference.forward_without_bias(dbig, w, *it.geometry, dsmall)
    reference.backward_kernel(small, dbig, *it.geometry, dw)
    assert_gradient(dsmall, loss, small)
    assert_gradient(dw, loss, w)


@pytest.mark.parametrize("it", [*grid(GRID, default=4), *large])
def test_reference_agrees_with_torch(it):
    torch = pytest.importorskip("torch")
    x, w, b, dy = it.arrays()
    found = results(reference, it, (x, w, b, dy))
    leaf, padded = torch_pad(torch, x, it.padding)
    tw, tb = (torch.tensor(a, requires_grad=True) for a in (w, b))
    ty = torch.nn.functional.conv2d(
        padded, tw.permute(3, 2, 0, 1).contiguous(), tb, it.strides, dilation=it.dilation, groups=it.groups
    ).permute(0, 2, 3, 1)
    ty.backward(torch.tensor(dy))
    for a, expected in zip(found, (ty.detach(), leaf.grad, tw.grad, tb.grad), strict=True):
        assert_agrees(a, expected.numpy(), 1e-10)


@pytest.mark.parametrize("it", grid(TRANSPOSED_GRID, default=4))
def test_transposed_reference_agrees_with_torch(it):
    torch = pytest.importorskip("torch")
    x, w, _, small = it.arrays()
    found = poisoned(x)
    reference.backward_input(small, w, *it.geometry, found)
    whole = torch.nn.functional.conv_transpose2d(
        torch.tensor(small).permute(0, 3, 1, 2),
        torch.tensor(w).permute(3, 2, 0, 1),
        stride=it.strides,
        dilation=it.dilation,
        groups=it.groups,
    ).permute(0, 2, 3, 1)
    # torch crops nothing here; cells that no window reaches are zero
    top, left, bottom, right = it.padding
    expected = np.zeros((it.n, it.h + top + bottom, it.w + left + right, it.c))
    expected[:, : whole.shape[1], : whole.shape[2]] = whole
    assert_agrees(found, expected[:, top : top + it.h, left : left + it.w], 1e-10)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("it", EVERYTHING)
def test_cpu_agrees_with_the_reference(it, dtype):
    single = it.arrays(dtype)
    double = tuple(a.astype("float64") for a in single)
    for found, expected in zip(results(cpu, it, single), results(reference, it, double), strict=True):
        assert found.dtype == dtype
        assert_agrees(found, expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("it", grid(GRID[:24]) + large)
def test_forward_without_bias(it, dtype):
    x, w, b, y = it.arrays(dtype)
    found, expected = poisoned(y), poisoned(y, "float64")
    cpu.forward_without_bias(x, w, *it.geometry, found)
    zeros = np.zeros(b.shape)
    reference.forward(x.astype("float64"), w.astype("float64"), zeros, *it.geometry, expected)
    assert_agrees(found, expected)
    if dtype == "float64":
        again = poisoned(y)
        reference.forward_without_bias(x, w, *it.geometry, again)
        assert np.array_equal(again, expected)


@pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_one_bad_cell_reaches_what_it_takes_part_in_and_nothing_else(kernels, bad):
    it = Configuration(2, 7, 9, 4, 6, (3, 2), (2, 1), (1, 2, 1, 0), (1, 2), groups=2)
    x, w, b, dy = it.arrays()
    clean = results(reference, it, (x, w, b, dy))
    x[1, 2, 3, 1] = dy[0, 1, 4, 5] = bad
    with np.errstate(invalid="ignore"):  # inf times the zeros beside a narrow panel, for sums that nobody reads
        y, dx, dw, db = results(kernels, it, (x, w, b, dy))
    # the same cells by brute force: with the bad cell one larger, these change
    x[1, 2, 3, 1], dy[0, 1, 4, 5] = 1e3, 1e3
    for found, before, after in zip((y, dx, dw, db), clean, results(reference, it, (x, w, b, dy)), strict=True):
        assert np.array_equal(~np.isfinite(found), np.abs(after - before) > 1e-9)
        assert not np.isfinite(found).all()


@pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])
def test_by_hand(kernels):
    x = np.arange(9.0).reshape(1, 3, 3, 1)
    w = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(2, 2, 1, 1)
    y = np.full((1, 2, 2, 1), np.nan)
    kernels.forward(x, w, np.array([10.0]), (1, 1), (0, 0), (1, 1), y)
    assert y.reshape(-1).tolist() == [
        37.0,
        47.0,
        67.0,
        77.0,
    ]  # 0 + 2 + 9 + 16 + 10, not the mirrored 3 + 2 + 4 + 0 + 10
