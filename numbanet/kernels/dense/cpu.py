"""numbanet.kernels.dense on the register tile: a task owns a block of the output and is its only writer."""

import numpy as np

from .._jit import inline, like
from .._kernel import kernel
from .._tile import clear, flat, product, spread

BLOCK = 64  # rows and columns of a task: at a depth of 64 it takes 4 us on one core


FLOPS = 100e3  # FLOPs in a microsecond on one core, roughly


def _blocks(rows, columns):
    return -(-rows // BLOCK) * -(-columns // BLOCK)


def _work(rows, columns, depth):
    return 2 * min(rows, BLOCK) * min(columns, BLOCK) * depth / FLOPS


@inline
def _place(task, columns):
    """The first row and column of a task's block in a matrix of that many columns."""
    across = (columns + BLOCK - 1) // BLOCK
    return task // across * BLOCK, task % across * BLOCK


@kernel(tasks=lambda x, w, b, y: _blocks(*y.shape), work=lambda x, w, b, y: _work(*y.shape, len(w)))
def forward(task, x, w, b, y):
    N, I = x.shape
    O = w.shape[1]
    n0, o0 = _place(task, O)
    rows, columns = min(BLOCK, N - n0), min(BLOCK, O - o0)
    # F1
    spread(rows, columns, b, o0, (flat(y), n0 * O + o0, O))
    product(rows, columns, I, (flat(x), n0 * I, I, 1), (flat(w), o0, O, 1), (flat(y), n0 * O + o0, O))


@kernel(tasks=lambda x, w, y: _blocks(*y.shape), work=lambda x, w, y: _work(*y.shape, len(w)))
def forward_without_bias(task, x, w, y):
    N, I = x.shape
    O = w.shape[1]
    n0, o0 = _place(task, O)
    rows, columns = min(BLOCK, N - n0), min(BLOCK, O - o0)
    clear(rows, columns, (flat(y), n0 * O + o0, O))
    # F1 with b = 0
    product(rows, columns, I, (flat(x), n0 * I, I, 1), (flat(w), o0, O, 1), (flat(y), n0 * O + o0, O))


@kernel(tasks=lambda dy, w, dx: _blocks(*dx.shape), work=lambda dy, w, dx: _work(*dx.shape, dy.shape[1]))
def backward_input(task, dy, w, dx):
    N, O = dy.shape
    I = w.shape[0]
    n0, i0 = _place(task, I)
    rows, columns = min(BLOCK, N - n0), min(BLOCK, I - i0)
    clear(rows, columns, (flat(dx), n0 * I + i0, I))
    # B1: w is read as its transpose
    product(rows, columns, O, (flat(dy), n0 * O, O, 1), (flat(w), i0 * O, 1, O), (flat(dx), n0 * I + i0, I))


@kernel(tasks=lambda dy, x, dw: _blocks(*dw.shape), work=lambda dy, x, dw: _work(*dw.shape, len(x)))
def backward_kernel(task, dy, x, dw):
    N, O = dy.shape
    I = x.shape[1]
    i0, o0 = _place(task, O)
    rows, columns = min(BLOCK, I - i0), min(BLOCK, O - o0)
    clear(rows, columns, (flat(dw), i0 * O + o0, O))
    # B2: x is read as its transpose
    product(rows, columns, N, (flat(x), i0, 1, I), (flat(dy), o0, O, 1), (flat(dw), i0 * O + o0, O))


@kernel(tasks=lambda dy, db: -(-db.size // BLOCK), work=lambda dy, db: len(dy) * BLOCK / 10e3)
def backward_bias(task, dy, db):
    o0 = task * BLOCK
    o1 = min(db.size, o0 + BLOCK)
    # B3
    gradient, O = flat(dy), np.uint64(db.size)
    for o in range(np.uint64(o0), np.uint64(o1)):
        db[o] = like(0.0, db)
    for n in range(np.uint64(dy.shape[0])):
        for o in range(np.uint64(o0), np.uint64(o1)):
            db[o] += gradient[n * O + o]
