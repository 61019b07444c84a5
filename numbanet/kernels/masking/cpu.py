"""numbanet.kernels.masking, a sample a task; the reference's loop that leaves rows out is fast as it stands."""

import numpy as np

from .._jit import like
from .._kernel import kernel
from .._tile import flat
from .reference import leave_out

RATE = 2000.0  # elements in a microsecond on one core, roughly


@kernel(tasks=lambda x, value, mask, y: len(x), work=lambda x, value, mask, y: x[0].size / RATE)
def forward(task, x, value, mask, y):
    T, F = x.shape[1:]
    source, target, padding = flat(x), flat(y), like(value, x)
    for t in range(T):
        first = np.uint64((task * T + t) * F)
        # F1
        others = 0
        for f in range(np.uint64(F)):
            others += source[first + f] != padding
        mask[task, t] = like(1.0, mask) if others else like(0.0, mask)
        # F2
        for f in range(np.uint64(F)):
            target[first + f] = source[first + f] * mask[task, t]


@kernel(tasks=lambda x, mask: len(x), work=lambda x, mask: x[0].size / RATE)
def indices(task, x, mask):
    for t in range(x.shape[1]):
        # F3
        mask[task, t] = like(0.0, mask) if x[task, t] == like(0.0, x) else like(1.0, mask)


@kernel()
def weigh(x, mask, y):
    count = 0.0  # whole numbers: their sum is exact in float64
    for r in range(mask.size):
        count += mask[r]
    # F4
    factor = like(x.size / max(count, 1.0), y)
    for r in range(x.size):
        y[r] = x[r] * mask[r] * factor


@kernel(tasks=lambda dy, mask, dx: len(dy), work=lambda dy, mask, dx: dy[0].size / RATE)
def backward(task, dy, mask, dx):
    T, F = dy.shape[1:]
    source, target = flat(dy), flat(dx)
    for t in range(T):
        first = np.uint64((task * T + t) * F)
        # B1
        for f in range(np.uint64(F)):
            target[first + f] = source[first + f] * mask[task, t]


__all__ = ["backward", "forward", "indices", "leave_out", "weigh"]
