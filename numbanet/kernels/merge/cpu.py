"""numbanet.kernels.merge: side by side in blocks of rows, the rest in chunks."""

import numpy as np

from .._chunks import chunk, chunks
from .._jit import inline, like
from .._kernel import kernel
from .._rows import row_block, row_blocks
from .._tile import flat


@inline
def _copy(count, source, first, target, start):
    line, out = source[first : first + count], target[start : start + count]
    for i in range(np.uint64(count)):
        out[i] = line[i]


@kernel(tasks=lambda a, b, y: row_blocks(*y.shape))
def concatenate(task, a, b, y):
    R, C = y.shape
    A, B = a.shape[1], b.shape[1]
    first, last = row_block(task, R, C)
    for r in range(first, last):
        # F1
        _copy(A, flat(a), r * A, flat(y), r * C)
        _copy(B, flat(b), r * B, flat(y), r * C + A)


@kernel(tasks=lambda dy, da, db: row_blocks(*dy.shape))
def concatenate_backward(task, dy, da, db):
    R, C = dy.shape
    A, B = da.shape[1], db.shape[1]
    first, last = row_block(task, R, C)
    for r in range(first, last):
        # B1
        _copy(A, flat(dy), r * C, flat(da), r * A)
        _copy(B, flat(dy), r * C + A, flat(db), r * B)


@kernel(tasks=chunks)
def multiply(task, a, b, y):
    for i in chunk(task, y.size):
        # F2
        y[i] = a[i] * b[i]


@kernel(tasks=chunks)
def multiply_backward(task, dy, a, b, da, db):
    for i in chunk(task, db.size):
        # B2
        da[i] = dy[i] * b[i]
        db[i] = dy[i] * a[i]


@kernel(tasks=chunks)
def average(task, a, b, y):
    half = like(0.5, y)
    for i in chunk(task, y.size):
        # F3
        y[i] = (a[i] + b[i]) * half


@kernel(tasks=chunks)
def average_backward(task, dy, da, db):
    half = like(0.5, db)
    for i in chunk(task, db.size):
        # B3
        da[i] = dy[i] * half
        db[i] = dy[i] * half
