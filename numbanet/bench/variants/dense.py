"""y = x w + b on the CPU: numbanet.kernels.dense, F1."""

from ...kernels._kernel import kernel
from ...kernels._tile import flat
from ...kernels.dense import cpu, reference
from . import Variant
from ._tile import COLUMNS, ROWS, product, tile


@kernel()
def reordered(x, w, b, y):
    N, I = x.shape
    O = w.shape[1]
    for n in range(N):
        for o in range(O):
            y[n, o] = b[o]
        for i in range(I):
            for o in range(O):
                y[n, o] += x[n, i] * w[i, o]


@kernel()
def register_tile(x, w, b, y):
    N, I = x.shape
    O = w.shape[1]
    product(N, O, 1, I, (flat(x), 0, I, 0), (flat(w), 0, O, 0), (b, 0, 0), (flat(y), 0, O))


RUNGS = (
    Variant(
        "plain Python",
        reference.forward,
        "The equation as it reads: for every sample and output, the sum over the inputs.\n"
        "Python looks up types and makes an object of every number: some 200 nanoseconds for a multiply-add.",
        plain=True,
    ),
    Variant(
        "compiled",
        reference.forward,
        "The same loops, compiled by Numba to machine code of fixed types.\n"
        "But w is read down a column, a row of memory further each time, so that one number comes at a time.",
    ),
    Variant(
        "reordered",
        reordered,
        "The loop over the outputs is the innermost: it runs along rows of w and y, which lie in memory side by side.\n"
        "So a vector of outputs takes one instruction, and every byte of a cache line is used as soon as it is there.",
    ),
    Variant(
        "register tile",
        register_tile,
        f"{ROWS} rows by {COLUMNS} columns of y are summed at a time, in registers, over all inputs.\n"
        f"No sum goes through memory any more, and {ROWS} multiply-adds use every number of w that is loaded.",
        (tile, product),
    ),
    Variant(
        "packed blocks",
        cpu.forward,
        "The library's kernel on one thread: a block of w is copied first, so that its tile reads it in one line.\n"
        "Rows of w that lie a power of two apart no longer drive each other out of the L1 cache, where a block stays.",
    ),
    Variant(
        "all threads",
        cpu.forward,
        "The same machine code, whose tasks, each a block of y, are shared out among the threads.\n"
        "No two tasks write the same number, so nobody waits for another, and the bits stay the same.",
        all_threads=True,
    ),
)
