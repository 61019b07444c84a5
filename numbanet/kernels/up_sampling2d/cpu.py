"""numbanet.kernels.up_sampling2d by rows of x: the vectors run along the channels of a pixel.

Of the weights of B2 only those that are not zero are visited: row i has the weight 1 - |t| in row SH i + d of the
output, t = (2 d + 1 - SH) / 2 SH, where |t| < 1; and weight 1 beyond the centres of the outermost rows.
"""

from .._jit import inline, like
from .._kernel import kernel
from .._rows import row_block, row_blocks
from .._tile import flat


def _tasks(x, size, y):
    N, H, W, C = x.shape
    return row_blocks(N * H, W * C * size[0] * size[1])


def _tasks_backward(dy, size, dx):
    return _tasks(dx, size, dy)


@inline
def _copy(x, y):
    for c in range(y.size):
        y[c] = x[c]


@inline
def _between(i, p, S, H):
    """F2 of pixel S i + p of the output."""
    t = 2 * p + 1 - S
    below = i - 1 if t < 0 else i
    return max(below, 0), min(below + 1, H - 1), ((t + 2 * S) if t < 0 else t) / (2.0 * S)


@inline
def _reach(i, S, H):
    """The pixels of the output in which pixel i has a weight: the first, and the one past the last."""
    return max(S * i - S // 2, 0), min(S * i + 3 * S // 2, S * H)


@inline
def _weight(i, o, S, H):
    """B2 within the reach."""
    t = (2 * (o - S * i) + 1 - S) / (2.0 * S)
    beyond = (i == 0 and t < 0.0) or (i == H - 1 and t > 0.0)
    return 1.0 if beyond else 1.0 - abs(t)


@kernel(tasks=_tasks)
def nearest(task, x, size, y):
    N, H, W, C = x.shape
    SH, SW = size
    row = W * SW * C
    first, last = row_block(task, N * H, SH * row)
    xs, ys = flat(x), flat(y)
    for r in range(first, last):
        # F1: one row of the output, and then its copies
        out = ys[r * SH * row : (r * SH + 1) * row]
        for j in range(W):
            pixel = xs[(r * W + j) * C : (r * W + j + 1) * C]
            for w in range(j * SW, (j + 1) * SW):
                _copy(pixel, out[w * C : (w + 1) * C])
        for h in range(r * SH + 1, (r + 1) * SH):
            _copy(out, ys[h * row : (h + 1) * row])


@kernel(tasks=_tasks_backward)
def nearest_backward(task, dy, size, dx):
    N, H, W, C = dx.shape
    SH, SW = size
    row = W * SW * C
    first, last = row_block(task, N * H, SH * row)
    dys, dxs = flat(dy), flat(dx)
    for r in range(first, last):
        for j in range(W):
            # B1
            pixel = dxs[(r * W + j) * C : (r * W + j + 1) * C]
            for c in range(C):
                pixel[c] = like(0.0, dx)
            for h in range(r * SH, (r + 1) * SH):
                for w in range(j * SW, (j + 1) * SW):
                    d = dys[h * row + w * C : h * row + (w + 1) * C]
                    for c in range(pixel.size):
                        pixel[c] += d[c]


@kernel(tasks=_tasks)
def bilinear(task, x, size, y):
    N, H, W, C = x.shape
    SH, SW = size
    row = W * SW * C
    first, last = row_block(task, N * H, SH * row)
    xs, ys, one = flat(x), flat(y), like(1.0, x)
    for r in range(first, last):
        n, i = r // H, r % H
        for p in range(SH):
            lo, hi, share = _between(i, p, SH, H)
            f = like(share, x)
            above, below = xs[(n * H + lo) * W * C : (n * H + lo + 1) * W * C], xs[(n * H + hi) * W * C :]
            out = ys[(r * SH + p) * row : (r * SH + p + 1) * row]
            for j in range(W):
                for q in range(SW):
                    left, right, share = _between(j, q, SW, W)
                    g = like(share, x)
                    a, b = above[left * C : (left + 1) * C], above[right * C : (right + 1) * C]
                    d, e = below[left * C : (left + 1) * C], below[right * C : (right + 1) * C]
                    pixel = out[(j * SW + q) * C : (j * SW + q + 1) * C]
                    for c in range(pixel.size):
                        # F3
                        pixel[c] = (one - f) * ((one - g) * a[c] + g * b[c]) + f * ((one - g) * d[c] + g * e[c])


@kernel(tasks=_tasks_backward)
def bilinear_backward(task, dy, size, dx):
    N, H, W, C = dx.shape
    SH, SW = size
    row = W * SW * C
    first, last = row_block(task, N * H, SH * row)
    dys, dxs = flat(dy), flat(dx)
    for r in range(first, last):
        n, i = r // H, r % H
        top, bottom = _reach(i, SH, H)
        for j in range(W):
            left, right = _reach(j, SW, W)
            # B3
            pixel = dxs[(r * W + j) * C : (r * W + j + 1) * C]
            for c in range(pixel.size):
                pixel[c] = like(0.0, dx)
            for h in range(top, bottom):
                vertical = _weight(i, h, SH, H)
                for w in range(left, right):
                    weight = like(vertical * _weight(j, w, SW, W), dx)
                    start = (n * H * SH + h) * row + w * C
                    d = dys[start : start + C]
                    for c in range(pixel.size):
                        pixel[c] += weight * d[c]
