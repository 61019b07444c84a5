"""numbanet.kernels.embedding: forward a task copies some rows, backward it owns some columns of the whole table.

So whatever the indices, each row of the table is summed by one task in order of position, and tasks are of one size.
COLUMNS is wide because memory is read in runs: a task for every 32 columns takes twice the time of one for all
(32,768 positions of 128 columns; November 2026, Xeon).
"""

import numpy as np

from .._chunks import CHUNK, chunk, chunks
from .._jit import like
from .._kernel import kernel
from .._rows import row_block, row_blocks
from .._tile import flat

COLUMNS = 128  # of a task
RATE = 5000.0  # elements that are added in a microsecond on one core, roughly


@kernel(tasks=lambda x, w, y: row_blocks(*y.shape))
def forward(task, x, w, y):
    R, E = y.shape
    first, last = row_block(task, R, E)
    table, rows = flat(w), flat(y)
    for r in range(first, last):
        source, target = np.uint64(np.int64(x[r]) * E), np.uint64(r * E)
        # F1
        for e in range(np.uint64(E)):
            rows[target + e] = table[source + e]


@kernel(tasks=chunks, work=lambda dy, x, dw: CHUNK / 8000.0)
def _clear(task, dy, x, dw):
    table, zero = flat(dw), like(0.0, dw)
    for i in chunk(task, dw.size):
        table[i] = zero


@kernel(
    tasks=lambda dy, x, dw: -(-dw.shape[1] // COLUMNS),
    work=lambda dy, x, dw: x.size * min(COLUMNS, dw.shape[1]) / RATE,
    before=[_clear],
)
def backward(task, dy, x, dw):
    E = dw.shape[1]
    first, last = np.uint64(task * COLUMNS), np.uint64(min(E, (task + 1) * COLUMNS))
    gradient, table = flat(dy), flat(dw)
    for r in range(x.size):
        source, target = np.uint64(r * E), np.uint64(np.int64(x[r]) * E)
        # B1
        for e in range(first, last):
            table[target + e] += gradient[source + e]
