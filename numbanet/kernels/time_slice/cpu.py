"""numbanet.kernels.time_slice, a sample a task."""

import numpy as np

from .._kernel import kernel
from .._tile import flat

BYTES = 10e3  # in a microsecond on one core, roughly


@kernel(tasks=lambda a, first, step, y: len(y), work=lambda a, first, step, y: 2 * y[0].nbytes / BYTES)
def forward(task, a, first, step, y):
    T, F = y.shape[1:]
    source, target = flat(a), flat(y)
    for t in range(T):
        # F1
        out = target[(task * T + t) * F : (task * T + t + 1) * F]
        line = source[(task * a.shape[1] + first + step * t) * F :]
        for f in range(np.uint64(out.size)):
            out[f] = line[f]


@kernel(tasks=lambda one, first, a: len(a), work=lambda one, first, a: 2 * one[0].nbytes / BYTES)
def put(task, one, first, a):
    F = one.shape[1]
    # F2
    out = flat(a)[(task * a.shape[1] + first) * F : (task * a.shape[1] + first + 1) * F]
    line = flat(one)[task * F :]
    for f in range(np.uint64(out.size)):
        out[f] = line[f]
