"""numbanet.kernels.flip, a thread for a weight."""

from numba import cuda

from .._cuda import ceil_div, divide, load, store
from .._cuda_kernel import THREADS, kernel


@kernel(grid=lambda w, flipped: ceil_div(w.size, THREADS))
def forward(w, flipped):
    KH, KW, I, O = w.shape
    i = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if i < w.size:
        # F1: the cells in reverse order
        cell, inside = divide(i, I * O)
        store(flipped, i, load(w, (KH * KW - 1 - cell) * I * O + inside))
