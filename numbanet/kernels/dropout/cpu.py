"""numbanet.kernels.dropout by blocks of four random words; a word is compared as an integer, F2 without rounding."""

import math

import numpy as np

from .._jit import like
from .._kernel import kernel
from .._philox import block

CHUNK = 16384  # elements of a task, whole blocks: 10 us of forward on one core


@kernel(tasks=lambda x, rate, seed, stream, iteration, mask, y: -(-x.size // CHUNK))
def forward(task, x, rate, seed, stream, iteration, mask, y):
    first = task * CHUNK
    x, mask, y = x[first : first + CHUNK], mask[first : first + CHUNK], y[first : first + CHUNK]
    step = iteration[0]
    least = np.uint64(math.ceil(rate * 2.0**32))  # w 2^-32 >= rate
    scale, zero = like(1.0 / (1.0 - rate), x), like(0.0, x)
    blocks = x.size // 4
    for b in range(blocks):
        # F1, F2
        w0, w1, w2, w3 = block(seed, stream, step, first // 4 + b)
        mask[4 * b] = scale if w0 >= least else zero
        mask[4 * b + 1] = scale if w1 >= least else zero
        mask[4 * b + 2] = scale if w2 >= least else zero
        mask[4 * b + 3] = scale if w3 >= least else zero
    if x.size % 4:
        last = block(seed, stream, step, first // 4 + blocks)
        for j in range(x.size % 4):
            mask[4 * blocks + j] = scale if last[j] >= least else zero
    for i in range(x.size):
        # F3
        y[i] = x[i] * mask[i]


@kernel(tasks=lambda dy, mask, dx: -(-dy.size // CHUNK))
def backward(task, dy, mask, dx):
    first = task * CHUNK
    dy, mask, dx = dy[first : first + CHUNK], mask[first : first + CHUNK], dx[first : first + CHUNK]
    for i in range(dy.size):
        # B1
        dx[i] = dy[i] * mask[i]
