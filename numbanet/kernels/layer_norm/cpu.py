"""numbanet.kernels.layer_norm in blocks of rows: a task owns its rows, and reads each from the L1 cache but once."""

import math

import numpy as np

from .._jit import like
from .._kernel import kernel
from .._lanes import WIDE, clear_lanes, part
from .._rows import row_block, row_blocks
from .._tile import flat, stack

RATE = 2000.0  # elements in a microsecond on one core, roughly


@kernel(tasks=lambda x, gamma, beta, epsilon, mean, inverse, y: row_blocks(*x.shape))
def forward(task, x, gamma, beta, epsilon, mean, inverse, y):
    R, C = x.shape
    first, last = row_block(task, R, C)
    source, target = flat(x), flat(y)
    share, e, one = like(1.0 / C, x), like(epsilon, x), like(1.0, x)
    for r in range(first, last):
        start = np.uint64(r * C)
        # F1, from the first channel on: what is added up is of the size of the deviations, and rounds as they do
        origin, total = source[start], like(0.0, x)
        for c in range(np.uint64(C)):
            total += source[start + c] - origin
        centre = origin + total * share
        # F2
        total = like(0.0, x)
        for c in range(np.uint64(C)):
            deviation = source[start + c] - centre
            total += deviation * deviation
        scale = one / math.sqrt(total * share + e)
        mean[r], inverse[r] = centre, scale
        for c in range(np.uint64(C)):
            # F3, F4
            target[start + c] = (source[start + c] - centre) * scale * gamma[c] + beta[c]


@kernel(tasks=lambda dy, x, gamma, mean, inverse, dx: row_blocks(*x.shape))
def backward_input(task, dy, x, gamma, mean, inverse, dx):
    R, C = x.shape
    first, last = row_block(task, R, C)
    gradient, source, target, share = flat(dy), flat(x), flat(dx), like(1.0 / C, x)
    for r in range(first, last):
        start, centre, scale = np.uint64(r * C), mean[r], inverse[r]
        # B1
        total, product = like(0.0, x), like(0.0, x)
        for c in range(np.uint64(C)):
            dz = gradient[start + c] * gamma[c]
            total += dz
            product += dz * (source[start + c] - centre)
        shift, slope = total * share, product * scale * scale * share
        for c in range(np.uint64(C)):
            dz = gradient[start + c] * gamma[c]
            target[start + c] = scale * (dz - shift - (source[start + c] - centre) * slope)


@kernel(
    tasks=lambda dy, x, mean, inverse, dgammas, dbetas: len(dbetas),
    work=lambda dy, x, mean, inverse, dgammas, dbetas: x.size / len(dbetas) / RATE,
)
def backward_parts(task, dy, x, mean, inverse, dgammas, dbetas):
    R, C = x.shape
    first, last = part(task, R, dbetas.shape[0])
    gradient, source, sums, products = flat(dy), flat(x), stack(WIDE, x), stack(WIDE, x)
    for c0 in range(0, C, WIDE):
        w = np.uint64(min(WIDE, C - c0))
        clear_lanes(w, sums)
        clear_lanes(w, products)
        for r in range(first, last):
            start, centre, scale = np.uint64(r * C + c0), mean[r], inverse[r]
            for c in range(w):
                # B2, B3
                sums[c] += gradient[start + c]
                products[c] += gradient[start + c] * ((source[start + c] - centre) * scale)
        for c in range(w):
            dgammas[task, np.uint64(c0) + c], dbetas[task, np.uint64(c0) + c] = products[c], sums[c]
