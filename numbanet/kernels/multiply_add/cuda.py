"""numbanet.kernels.multiply_add in registers: a thread owns a few numbers, and does many turns between two branches.

An SM begins as many instructions in a cycle as it begins multiply-adds, so each one beside them is lost. Eight numbers
and sixteen turns are 128 multiply-adds for the three instructions of the loop.
"""

from numba import cuda

from .._cuda import ceil_div, like, load, short, store
from .._cuda_kernel import THREADS, kernel

NUMBERS = 8  # of a thread
TURNS = 16
BLOCKS = 8  # of an SM: all the threads that it takes


@kernel(grid=lambda a, b, turns, x: ceil_div(x.size, NUMBERS * THREADS), occupancy=BLOCKS)
def repeat(a, b, turns, x):
    first = cuda.blockIdx.x * NUMBERS * THREADS + cuda.threadIdx.x
    factor, term, zero = like(a, x), like(b, x), like(0.0, x)
    held = cuda.local.array(NUMBERS, x.dtype)
    for k in range(NUMBERS):
        i = first + k * THREADS
        held[k] = load(x, i) if i < x.size else zero
    left = short(turns // TURNS)
    while left > 0:
        for _ in range(TURNS):
            for k in range(NUMBERS):
                # F1
                held[k] = held[k] * factor + term
        left = short(left - 1)
    left = short(turns % TURNS)
    while left > 0:
        for k in range(NUMBERS):
            held[k] = held[k] * factor + term
        left = short(left - 1)
    for k in range(NUMBERS):
        i = first + k * THREADS
        if i < x.size:
            store(x, i, held[k])
