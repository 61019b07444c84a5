"""An LSTM over whole sequences on the CPU: numbanet.kernels.lstm, F1 to F4.

Time runs forwards, every step counts, the activations are tanh and sigmoid, and no state is dropped.
"""

import math

from ...kernels._gates import SIGMOID, TANH, activate
from ...kernels._jit import apart, inline, like
from ...kernels._kernel import kernel
from ...kernels._tile import flat
from ...kernels.lstm import cpu, reference
from . import Variant
from ._tile import COLUMNS, ROWS, product, tile


@inline
def sigmoid(x):
    return like(1.0, x) / (like(1.0, x) + math.exp(-x))


@inline
def add_row(factor, matrix, row, line):
    """Line += factor * a row of the matrix."""
    for o in range(line.size):
        line[o] += factor * matrix[row, o]


@kernel()
def reordered(x, w, u, b, mask, keep, setting, z, c, h):
    N, T, I = x.shape
    H = u.shape[0]
    for n in range(N):
        for s in range(T):
            sums = z[n, s]
            for o in range(4 * H):
                sums[o] = b[o]
            for i in range(I):
                add_row(x[n, s, i], w, i, sums)
            for j in range(H):
                add_row(h[n, s, j], u, j, sums)
            for j in range(H):
                i, f, o = sigmoid(sums[j]), sigmoid(sums[H + j]), sigmoid(sums[3 * H + j])
                g = math.tanh(sums[2 * H + j])
                sums[j], sums[H + j], sums[2 * H + j], sums[3 * H + j] = i, f, g, o
                c[n, s + 1, j] = f * c[n, s, j] + i * g
                h[n, s + 1, j] = o * math.tanh(c[n, s + 1, j])


@apart
def gates(H, sums, before, after, out):
    """F2 to F4 for a sample and step, a line of units after the other."""
    activate(SIGMOID, sums[: 2 * H])
    activate(TANH, sums[2 * H : 3 * H])
    activate(SIGMOID, sums[3 * H :])
    for j in range(H):
        after[j] = sums[H + j] * before[j] + sums[j] * sums[2 * H + j]
    for j in range(H):
        out[j] = after[j]
    activate(TANH, out)
    for j in range(H):
        out[j] *= sums[3 * H + j]


@kernel()
def vectorised_gates(x, w, u, b, mask, keep, setting, z, c, h):
    N, T, I = x.shape
    H = u.shape[0]
    for n in range(N):
        for s in range(T):
            sums = z[n, s]
            for o in range(4 * H):
                sums[o] = b[o]
            for i in range(I):
                add_row(x[n, s, i], w, i, sums)
            for j in range(H):
                add_row(h[n, s, j], u, j, sums)
            gates(H, sums, c[n, s], c[n, s + 1], h[n, s + 1])


@kernel()
def inputs_at_once(x, w, u, b, mask, keep, setting, z, c, h):
    N, T, I = x.shape
    H, O = u.shape
    product(N * T, O, 1, I, (flat(x), 0, I, 0), (flat(w), 0, O, 0), (b, 0, 0), (flat(z), 0, O))
    for n in range(N):
        for s in range(T):
            for j in range(H):
                add_row(h[n, s, j], u, j, z[n, s])
            gates(H, z[n, s], c[n, s], c[n, s + 1], h[n, s + 1])


@kernel()
def samples_together(x, w, u, b, mask, keep, setting, z, c, h):
    N, T, I = x.shape
    H, O = u.shape
    product(N * T, O, 1, I, (flat(x), 0, I, 0), (flat(w), 0, O, 0), (b, 0, 0), (flat(z), 0, O))
    for s in range(T):
        states, sums = (flat(h), s * H, (T + 1) * H, 0), (flat(z), s * O, T * O)
        product(N, O, 1, H, states, (flat(u), 0, O, 0), sums, sums)
        for n in range(N):
            gates(H, z[n, s], c[n, s], c[n, s + 1], h[n, s + 1])


RUNGS = (
    Variant(
        "plain Python",
        reference.forward,
        "The equations as they read: sample by sample, step by step, gate by gate, a sum over inputs and states.\n"
        "Python looks up types and makes an object of every number: some 200 nanoseconds for a multiply-add.",
        plain=True,
    ),
    Variant(
        "compiled",
        reference.forward,
        "The same loops, compiled by Numba to machine code of fixed types.\n"
        "But w and u are read down a column, a row of memory further each time, so that one number comes at a time.",
    ),
    Variant(
        "reordered",
        reordered,
        "All gates of a step are summed together: a row of w or u times an input or a state is added to their line.\n"
        "Rows lie in memory side by side, so a vector of gates takes one instruction.",
        (sigmoid, add_row),
    ),
    Variant(
        "vectorised gates",
        vectorised_gates,
        "Each activation goes along a line of units, with an exp and a tanh that are polynomials without branches.\n"
        "A call to the C library for each number costs 5 to 15 ns; in a vector they cost 1 or less.",
        (add_row, activate, gates),
    ),
    Variant(
        "inputs at once",
        inputs_at_once,
        "What does not depend on the state, x w + b, is one product for all samples and steps, before the loop.\n"
        f"It has rows enough for a register tile of {ROWS} by {COLUMNS} sums, which go through no memory.",
        (tile, product, add_row, gates),
    ),
    Variant(
        "samples together",
        samples_together,
        "Time is the outer loop, so that a step's states are a matrix, and their product with u has tiles, too.\n"
        f"{ROWS} samples use each number of u that is loaded; a part of u stays in the L1 cache for all samples.",
        (tile, product, gates),
    ),
    Variant(
        "all threads",
        cpu.forward,
        "The library's kernel: tasks, each some samples through all steps, are shared out among the threads.\n"
        "So none waits for another before the end; w and u are packed in the order in which its tile reads them.",
        all_threads=True,
    ),
)
