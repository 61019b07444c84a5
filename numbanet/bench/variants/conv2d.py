"""A convolution of images on the CPU: numbanet.kernels.conv2d, F1, of one group and without dilation."""

import numpy as np

from ...kernels._jit import inline, like
from ...kernels._kernel import kernel
from ...kernels._tile import flat
from ...kernels.conv2d import cpu, reference
from . import Variant
from ._tile import COLUMNS, ROWS, product, tile


@kernel()
def reordered(x, w, b, strides, padding, dilation, y):
    N, H, W = x.shape[:3]
    KH, KW, I, O = w.shape
    P, Q = y.shape[1:3]
    (SH, SW), (T, L) = strides, padding
    for n in range(N):
        for p in range(P):
            for q in range(Q):
                for o in range(O):
                    y[n, p, q, o] = b[o]
                for kh in range(KH):
                    for kw in range(KW):
                        row, column = p * SH + kh - T, q * SW + kw - L
                        if 0 <= row < H and 0 <= column < W:
                            for i in range(I):
                                for o in range(O):
                                    y[n, p, q, o] += x[n, row, column, i] * w[kh, kw, i, o]


@inline
def seen(w, strides, y):
    """Rows and columns that all windows together show of an image."""
    return (y.shape[1] - 1) * strides[0] + w.shape[0], (y.shape[2] - 1) * strides[1] + w.shape[1]


@inline
def copy_padded(x, n, padding, height, width, image):
    """Image n of x with the zeros around it."""
    H, W, C = x.shape[1:]
    for row in range(height):
        for column in range(width):
            at, h, v = (row * width + column) * C, row - padding[0], column - padding[1]
            if 0 <= h < H and 0 <= v < W:
                for i in range(C):
                    image[np.uint64(at + i)] = x[n, h, v, i]
            else:
                for i in range(C):
                    image[np.uint64(at + i)] = like(0.0, image)


def cells(x, w, b, strides, padding, dilation, y):
    height, width = seen(w, strides, y)
    return height * width * w.shape[2]


@kernel(scratch=cells)
def register_tile(x, w, b, strides, padding, dilation, y, image):
    N, P, Q, O = y.shape
    KH, KW, C = w.shape[:3]
    SH, SW = strides
    height, width = seen(w, strides, y)
    line = KW * C  # of a window: side by side in the image, as are its weights
    for n in range(N):
        copy_padded(x, n, padding, height, width, image)
        for p in range(P):
            a_, b_ = (image, p * SH * width * C, SW * C, width * C), (flat(w), 0, O, line * O)
            product(Q, O, KH, line, a_, b_, (b, 0, 0), (flat(y), (n * P + p) * Q * O, O))


RUNGS = (
    Variant(
        "plain Python",
        reference.forward,
        "The equation as it reads: for every position and output channel, the sum over the window and its channels.\n"
        "Python looks up types and makes an object of every number: some 200 nanoseconds for a multiply-add.",
        plain=True,
    ),
    Variant(
        "compiled",
        reference.forward,
        "The same loops, compiled by Numba to machine code of fixed types.\n"
        "But the weights of one output channel lie a row of channels apart, so that one number comes at a time.",
    ),
    Variant(
        "reordered",
        reordered,
        "The loop over the output channels is the innermost: they lie in memory side by side, in w and in y.\n"
        "So a vector of channels takes one instruction, and a window's cell is looked for once for all of them.",
    ),
    Variant(
        "register tile",
        register_tile,
        f"{ROWS} positions by {COLUMNS} channels are summed at a time, in registers; a copy has the zeros around it.\n"
        f"No sum goes through memory, {ROWS} multiply-adds use each weight that is loaded, and nothing asks for edges.",
        (seen, copy_padded, tile, product),
    ),
    Variant(
        "all threads",
        cpu.forward,
        "The library's kernel: tasks, each a block of positions, are shared out among the threads.\n"
        "Weights are packed in the order in which its tile reads them; a task copies only what its windows see.",
        all_threads=True,
    ),
)
