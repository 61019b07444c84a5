"""numbanet.kernels.dense on tensor cores, with x, w and dy rounded to bfloat16: blocks own tiles as in cuda.py."""

from numba import cuda

from .._cuda_mma import PART, SUMS, add_to_columns, bf16_of, plan_of
from ._tensor import product, write
from .cuda import SLICED, Product, add, add_with_bias, backward_bias

__all__ = ["backward_bias", "backward_input", "backward_kernel", "forward", "forward_without_bias"]


@Product(0, 1, 1, (True, False), plan_of, bf16_of).kernel(add_with_bias)
def forward(plan, x, w, b, y, part):
    left = cuda.shared.array(PART, x.dtype, alignment=16)
    right = cuda.shared.array(PART, x.dtype, alignment=16)
    sums = cuda.local.array(SUMS, x.dtype)
    # F1
    i, j = product(plan, x, w, y, w.shape[0], (left, right), sums)
    if not plan[SLICED]:
        add_to_columns(plan, b, j, sums)
    write(plan, sums, i, j, y, part)


@Product(0, 1, 1, (True, False), plan_of, bf16_of).kernel(add)
def forward_without_bias(plan, x, w, y, part):
    left = cuda.shared.array(PART, x.dtype, alignment=16)
    right = cuda.shared.array(PART, x.dtype, alignment=16)
    sums = cuda.local.array(SUMS, x.dtype)
    # F1 with b = 0
    i, j = product(plan, x, w, y, w.shape[0], (left, right), sums)
    write(plan, sums, i, j, y, part)


@Product(0, 1, 1, (True, True), plan_of, bf16_of).kernel(add)
def backward_input(plan, dy, w, dx, part):
    left = cuda.shared.array(PART, dy.dtype, alignment=16)
    right = cuda.shared.array(PART, dy.dtype, alignment=16)
    sums = cuda.local.array(SUMS, dy.dtype)
    # B1: w is read as its transpose
    i, j = product(plan, dy, w, dx, w.shape[1], (left, right), sums)
    write(plan, sums, i, j, dx, part)


@Product(1, 0, 0, (False, False), plan_of, bf16_of).kernel(add)
def backward_kernel(plan, dy, x, dw, part):
    left = cuda.shared.array(PART, dy.dtype, alignment=16)
    right = cuda.shared.array(PART, dy.dtype, alignment=16)
    sums = cuda.local.array(SUMS, dy.dtype)
    # B2: x is read as its transpose
    i, j = product(plan, x, dy, dw, x.shape[0], (left, right), sums)
    write(plan, sums, i, j, dw, part)
