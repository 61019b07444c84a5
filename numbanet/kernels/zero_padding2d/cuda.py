"""numbanet.kernels.zero_padding2d: a thread has a quad of a place in four images, of which only it writes."""

from .._cuda import device, like
from .._cuda_kernel import kernel
from .._cuda_windows import choose, clamped, image_blocks, images_apart, put_images, quad, take_images


@device
def _forward(lanes, x, padding, y):
    H, W, C = x.shape[1:]
    HEIGHT, WIDTH = y.shape[1:3]
    top, left = padding
    images, h, w, c = images_apart(lanes, *y.shape)
    # F1: outside, what is loaded from the nearest place inside is not taken
    i, j, zero = h - top, w - left, quad(like(0.0, y))
    inside = 0 <= i < H and 0 <= j < W
    a, b, d, e = take_images(x, images, H * W * C, (clamped(i, H) * W + clamped(j, W)) * C + c, lanes)
    v = (choose(inside, a, zero), choose(inside, b, zero), choose(inside, d, zero), choose(inside, e, zero))
    put_images(y, images, HEIGHT * WIDTH * C, (h * WIDTH + w) * C + c, v, lanes)


@kernel(grid=lambda x, padding, y: image_blocks(*y.shape), static=("padding",))
def forward(x, padding, y):
    if y.shape[3] % 4 == 0:
        _forward(4, x, padding, y)
    else:
        _forward(1, x, padding, y)


@device
def _backward(lanes, dy, padding, dx):
    H, W, C = dx.shape[1:]
    HEIGHT, WIDTH = dy.shape[1:3]
    top, left = padding
    images, i, j, c = images_apart(lanes, *dx.shape)
    # B1
    g = take_images(dy, images, HEIGHT * WIDTH * C, ((i + top) * WIDTH + j + left) * C + c, lanes)
    put_images(dx, images, H * W * C, (i * W + j) * C + c, g, lanes)


@kernel(grid=lambda dy, padding, dx: image_blocks(*dx.shape), static=("padding",))
def backward(dy, padding, dx):
    if dx.shape[3] % 4 == 0:
        _backward(4, dy, padding, dx)
    else:
        _backward(1, dy, padding, dx)
