"""The equations of numbanet.kernels.check as loops."""

import math

from .._kernel import kernel


@kernel()
def finite(x, flag):
    # F1
    flag[0] = 0
    for i in range(x.size):
        if not math.isfinite(x[i]):
            flag[0] = 1


@kernel()
def labels(labels, classes, flag):
    # F2
    flag[0] = 0
    for n in range(labels.size):
        if labels[n] < 0 or labels[n] >= classes:
            flag[0] = 1


@kernel()
def between(x, low, high, flag):
    # F3
    flag[0] = 0
    for i in range(x.size):
        if not low <= x[i] <= high:
            flag[0] = 1


@kernel()
def indices(x, count, flag):
    # F4
    flag[0] = 0
    for i in range(x.size):
        if not (0 <= x[i] < count and x[i] == math.floor(x[i])):
            flag[0] = 1


@kernel()
def expect_finite(flag, x):
    # F5
    for i in range(x.size):
        if not math.isfinite(x[i]):
            flag[0] = 1
