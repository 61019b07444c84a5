"""numbanet.kernels.up_sampling2d: a thread has a quad of a pixel of y, nearest in four images, or of dx, which gathers.

Row i has the weight 1 - |t| in row S i + d of the output, t = (2 d + 1 - S) / 2 S, where |t| < 1; and weight 1 beyond
the centres of the outermost rows.
"""

from .._cuda import device, divide, like
from .._cuda_kernel import kernel
from .._cuda_windows import (
    choose,
    clamped,
    image_blocks,
    images_apart,
    pixel,
    pixel_blocks,
    plus,
    put,
    put_images,
    quad,
    take,
    take_images,
    times,
)


@device
def _nearest(lanes, x, size, y):
    H, W, C = x.shape[1:]
    HEIGHT, WIDTH = y.shape[1:3]
    images, h, w, c = images_apart(lanes, *y.shape)
    # F1
    i, j = divide(h, size[0])[0], divide(w, size[1])[0]
    v = take_images(x, images, H * W * C, (i * W + j) * C + c, lanes)
    put_images(y, images, HEIGHT * WIDTH * C, (h * WIDTH + w) * C + c, v, lanes)


@kernel(grid=lambda x, size, y: image_blocks(*y.shape), static=("size",))
def nearest(x, size, y):
    if y.shape[3] % 4 == 0:
        _nearest(4, x, size, y)
    else:
        _nearest(1, x, size, y)


@device
def _nearest_backward(lanes, dy, size, dx):
    N, H, W, C = dx.shape
    SH, SW = size
    n, i, j, c = pixel(lanes, H, W, C)
    if n < N:
        # B1
        total = quad(like(0.0, dx))
        for p in range(SH):
            row = (n * H * SH + i * SH + p) * W * SW
            for q in range(SW):
                total = plus(total, take(dy, (row + j * SW + q) * C + c, lanes))
        put(dx, ((n * H + i) * W + j) * C + c, total, lanes)


@kernel(grid=lambda dy, size, dx: pixel_blocks(*dx.shape), static=("size",))
def nearest_backward(dy, size, dx):
    if dx.shape[3] % 4 == 0:
        _nearest_backward(4, dy, size, dx)
    else:
        _nearest_backward(1, dy, size, dx)


@device
def _between(o, S, H, x):
    """F2 in the type of x."""
    i, p = divide(o, S)
    t = 2 * p + 1 - S
    below = i - 1 if t < 0 else i
    share = like(t + 2 * S if t < 0 else t, x) / like(2 * S, x)
    return max(below, 0), min(below + 1, H - 1), share


@device
def _mix(f, a, b):
    """(1 - f) a + f b"""
    return plus(times(quad(like(1.0, f) - f), a), times(quad(f), b))


@device
def _bilinear(lanes, x, size, y):
    N, H, W, C = x.shape
    SH, SW = size
    n, h, w, c = pixel(lanes, H * SH, W * SW, C)
    if n < N:
        lo, hi, f = _between(h, SH, H, x)
        left, right, g = _between(w, SW, W, x)
        above, below = (n * H + lo) * W, (n * H + hi) * W
        a, b = take(x, (above + left) * C + c, lanes), take(x, (above + right) * C + c, lanes)
        d, e = take(x, (below + left) * C + c, lanes), take(x, (below + right) * C + c, lanes)
        # F3
        put(y, ((n * H * SH + h) * W * SW + w) * C + c, _mix(f, _mix(g, a, b), _mix(g, d, e)), lanes)


@kernel(grid=lambda x, size, y: pixel_blocks(*y.shape), static=("size",))
def bilinear(x, size, y):
    if y.shape[3] % 4 == 0:
        _bilinear(4, x, size, y)
    else:
        _bilinear(1, x, size, y)


@device
def _weight(i, k, S, H, x):
    """B2 of the k-th row of the output that row i reaches: the row, kept inside, whether it is, and the weight."""
    o = S * i - S // 2 + k
    t = 2 * (k - S // 2) + 1 - S
    beyond = (i == 0 and t < 0) or (i == H - 1 and t > 0)
    weight = like(1.0, x) if beyond else like(1.0, x) - like(abs(t), x) / like(2 * S, x)
    return clamped(o, S * H), 0 <= o < S * H, weight


@device
def _bilinear_backward(lanes, dy, size, dx):
    N, H, W, C = dx.shape
    SH, SW = size
    n, i, j, c = pixel(lanes, H, W, C)
    if n < N:
        # B3
        zero = quad(like(0.0, dx))
        total = zero
        for a in range(SH // 2 + 3 * SH // 2):
            h, within, vertical = _weight(i, a, SH, H, dx)
            row = (n * H * SH + h) * W * SW
            for b in range(SW // 2 + 3 * SW // 2):
                w, also, horizontal = _weight(j, b, SW, W, dx)
                d = times(quad(vertical * horizontal), take(dy, (row + w) * C + c, lanes))
                total = plus(total, choose(within and also, d, zero))
        put(dx, ((n * H + i) * W + j) * C + c, total, lanes)


@kernel(grid=lambda dy, size, dx: pixel_blocks(*dx.shape), static=("size",))
def bilinear_backward(dy, size, dx):
    if dx.shape[3] % 4 == 0:
        _bilinear_backward(4, dy, size, dx)
    else:
        _bilinear_backward(1, dy, size, dx)
