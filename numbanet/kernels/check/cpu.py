"""numbanet.kernels.check without a branch: the loops vectorise to a comparison and an `and`."""

import numpy as np

from .._chunks import chunk, chunks
from .._jit import like
from .._kernel import kernel


@kernel()
def finite(x, flag):
    infinity = like(float("inf"), x)
    good = True
    for i in range(x.size):
        # F1
        good = good & (abs(x[i]) < infinity)
    flag[0] = 0 if good else 1


@kernel()
def labels(labels, classes, flag):
    good = True
    for n in range(labels.size):
        # F2
        good = good & (labels[n] >= 0) & (labels[n] < classes)
    flag[0] = 0 if good else 1


@kernel()
def between(x, low, high, flag):
    least, most = like(low, x), like(high, x)
    good = True
    for i in range(x.size):
        # F3
        good = good & (x[i] >= least) & (x[i] <= most)
    flag[0] = 0 if good else 1


@kernel()
def indices(x, count, flag):
    zero, most = like(0.0, x), like(count, x)
    good = True
    for i in range(x.size):
        # F4
        good = good & (x[i] >= zero) & (x[i] < most) & (np.floor(x[i]) == x[i])
    flag[0] = 0 if good else 1


@kernel(tasks=chunks)
def expect_finite(task, flag, x):
    infinity = like(float("inf"), x)
    good = True
    for i in chunk(task, x.size):
        # F5
        good = good & (abs(x[i]) < infinity)
    if not good:
        flag[0] = 1
