"""numbanet.kernels.conv2d on tensor cores, x, w and dy rounded to bfloat16: as cuda.py, a tile for each block."""

from numba import cuda

from .._cuda_mma import PART, SUMS, add_to_columns, bf16_of, plan_of
from .._cuda_patches import SLICED, Product, own_channels, view_of_positions, view_of_windows
from ._tensor import product, write
from .cuda import add, add_many, add_with_bias, backward_bias

__all__ = ["backward_bias", "backward_input", "backward_kernel", "forward", "forward_without_bias"]


@Product((0, 1, -1), (True, False), plan_of, bf16_of).kernel(add_with_bias)
def forward(plan, x, w, b, strides, padding, dilation, y, part):
    left = cuda.shared.array(PART, x.dtype, alignment=16)
    right = cuda.shared.array(PART, x.dtype, alignment=16)
    sums = cuda.local.array(SUMS, x.dtype)
    # F1
    view = view_of_windows(plan, x.shape[0])
    i, j = product(plan, view, x, w, (left, right), sums)
    if plan[SLICED]:
        write(plan, view, sums, i, j, part)
    else:
        add_to_columns(plan, b, view[5] * own_channels(plan) + j, sums)
        write(plan, view, sums, i, j, y)


@Product((0, 1, -1), (True, False), plan_of, bf16_of).kernel(add)
def forward_without_bias(plan, x, w, strides, padding, dilation, y, part):
    left = cuda.shared.array(PART, x.dtype, alignment=16)
    right = cuda.shared.array(PART, x.dtype, alignment=16)
    sums = cuda.local.array(SUMS, x.dtype)
    # F1 with b = 0
    view = view_of_windows(plan, x.shape[0])
    i, j = product(plan, view, x, w, (left, right), sums)
    if plan[SLICED]:
        write(plan, view, sums, i, j, part)
    else:
        write(plan, view, sums, i, j, y)


@Product((-1, 1, 0), (True, True), plan_of, bf16_of).kernel(add)
def backward_input(plan, dy, w, strides, padding, dilation, dx, part):
    left = cuda.shared.array(PART, dy.dtype, alignment=16)
    right = cuda.shared.array(PART, dy.dtype, alignment=16)
    sums = cuda.local.array(SUMS, dy.dtype)
    # B1
    view = view_of_positions(plan, dx.shape[0])
    i, j = product(plan, view, dy, w, (left, right), sums)
    if plan[SLICED]:
        write(plan, view, sums, i, j, part)
    else:
        write(plan, view, sums, i, j, dx)


@Product((1, -1, 0), (False, False), plan_of, bf16_of).kernel(add_many)
def backward_kernel(plan, dy, x, strides, padding, dilation, dw, part):
    left = cuda.shared.array(PART, dy.dtype, alignment=16)
    right = cuda.shared.array(PART, dy.dtype, alignment=16)
    sums = cuda.local.array(SUMS, dy.dtype)
    # B2
    view = view_of_windows(plan, x.shape[0])
    i, j = product(plan, view, x, dy, (left, right), sums)
    if plan[SLICED]:
        write(plan, view, sums, i, j, part)
    else:
        write(plan, view, sums, i, j, dw)
