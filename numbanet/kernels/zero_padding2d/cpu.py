"""numbanet.kernels.zero_padding2d by rows of images: a row is contiguous, so it is copied as one stretch."""

from .._jit import inline, like
from .._kernel import kernel
from .._rows import row_block, row_blocks
from .._tile import flat


def _tasks(x, padding, y):
    N, H, W, C = y.shape
    return row_blocks(N * H, W * C)


@inline
def _copy(x, y):
    for i in range(y.size):
        y[i] = x[i]


@inline
def _clear(y):
    zero = like(0.0, y)
    for i in range(y.size):
        y[i] = zero


@kernel(tasks=_tasks)
def forward(task, x, padding, y):
    N, H, W, C = x.shape
    HEIGHT, WIDTH = y.shape[1], y.shape[2]
    top, left = padding
    first, last = row_block(task, N * HEIGHT, WIDTH * C)
    xs, ys = flat(x), flat(y)
    for r in range(first, last):
        # F1
        n, i = r // HEIGHT, r % HEIGHT - top
        row = ys[r * WIDTH * C : (r + 1) * WIDTH * C]
        if 0 <= i < H:
            _clear(row[: left * C])
            _copy(xs[(n * H + i) * W * C : (n * H + i + 1) * W * C], row[left * C : (left + W) * C])
            _clear(row[(left + W) * C :])
        else:
            _clear(row)


@kernel(tasks=_tasks)
def backward(task, dy, padding, dx):
    N, H, W, C = dx.shape
    HEIGHT, WIDTH = dy.shape[1], dy.shape[2]
    top, left = padding
    first, last = row_block(task, N * H, W * C)
    dys, dxs = flat(dy), flat(dx)
    for r in range(first, last):
        # B1
        n, i = r // H, r % H
        start = ((n * HEIGHT + i + top) * WIDTH + left) * C
        _copy(dys[start : start + W * C], dxs[r * W * C : (r + 1) * W * C])
