"""numbanet.kernels.standardization by rows: the deviations are worked out once, for all rows."""

import math

from .._jit import inline, like
from .._kernel import kernel
from .._rows import row_block, row_blocks
from .._tile import flat


def _tasks(*arguments):
    R, C, S = arguments[-1].shape
    return row_blocks(R, C * S)


def _features(*arguments):
    return arguments[-1].shape[1]


@inline
def _fill(variance, epsilon, deviation):
    least = like(epsilon, variance)
    for c in range(variance.size):
        # F1
        s = math.sqrt(variance[c])
        deviation[c] = least if s < least else s


@kernel()
def _deviations(x, mean, variance, epsilon, y, deviation):
    _fill(variance, epsilon, deviation)


@kernel()
def _deviations_backward(dy, variance, epsilon, dx, deviation):
    _fill(variance, epsilon, deviation)


@inline
def _subtract_and_divide(x, mean, deviation, y):
    for i in range(y.size):
        # F2
        y[i] = (x[i] - mean[i]) / deviation[i]


@inline
def _multiply_and_add(x, mean, deviation, y):
    for i in range(y.size):
        # F3
        y[i] = x[i] * deviation[i] + mean[i]


@inline
def _divide(dy, deviation, dx):
    for i in range(dx.size):
        # B1
        dx[i] = dy[i] / deviation[i]


@inline
def _multiply(dy, deviation, dx):
    for i in range(dx.size):
        # B2
        dx[i] = dy[i] * deviation[i]


@kernel(tasks=_tasks, scratch=_features, before=[_deviations])
def forward(task, x, mean, variance, epsilon, y, deviation):
    R, C, S = x.shape
    xs, ys = flat(x), flat(y)
    first, last = row_block(task, R, C * S)
    for r in range(first, last):
        if S == 1:
            _subtract_and_divide(xs[r * C : (r + 1) * C], mean, deviation, ys[r * C : (r + 1) * C])
        else:
            for c in range(C):
                m, s = mean[c], deviation[c]
                for i in range((r * C + c) * S, (r * C + c + 1) * S):
                    # F2
                    ys[i] = (xs[i] - m) / s


@kernel(tasks=_tasks, scratch=_features, before=[_deviations_backward])
def backward(task, dy, variance, epsilon, dx, deviation):
    R, C, S = dx.shape
    dys, dxs = flat(dy), flat(dx)
    first, last = row_block(task, R, C * S)
    for r in range(first, last):
        if S == 1:
            _divide(dys[r * C : (r + 1) * C], deviation, dxs[r * C : (r + 1) * C])
        else:
            for c in range(C):
                s = deviation[c]
                for i in range((r * C + c) * S, (r * C + c + 1) * S):
                    # B1
                    dxs[i] = dys[i] / s


@kernel(tasks=_tasks, scratch=_features, before=[_deviations])
def inverse(task, x, mean, variance, epsilon, y, deviation):
    R, C, S = x.shape
    xs, ys = flat(x), flat(y)
    first, last = row_block(task, R, C * S)
    for r in range(first, last):
        if S == 1:
            _multiply_and_add(xs[r * C : (r + 1) * C], mean, deviation, ys[r * C : (r + 1) * C])
        else:
            for c in range(C):
                m, s = mean[c], deviation[c]
                for i in range((r * C + c) * S, (r * C + c + 1) * S):
                    # F3
                    ys[i] = xs[i] * s + m


@kernel(tasks=_tasks, scratch=_features, before=[_deviations_backward])
def inverse_backward(task, dy, variance, epsilon, dx, deviation):
    R, C, S = dx.shape
    dys, dxs = flat(dy), flat(dx)
    first, last = row_block(task, R, C * S)
    for r in range(first, last):
        if S == 1:
            _multiply(dys[r * C : (r + 1) * C], deviation, dxs[r * C : (r + 1) * C])
        else:
            for c in range(C):
                s = deviation[c]
                for i in range((r * C + c) * S, (r * C + c + 1) * S):
                    # B2
                    dxs[i] = dys[i] * s
