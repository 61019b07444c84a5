"""Convolution by hand: a 3x3 window slides over a 9x9 picture and leaves 7x7 sums; then strides, padding, real filters.

What networks call convolution is the cross-correlation: the kernel is not turned around. flip_kernel=True turns it.
"""

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency

CROSS = np.zeros((9, 9))
for k in range(1, 8):
    CROSS[k, k] = CROSS[k, 8 - k] = 1
DIAGONAL = np.array([[1, -1, -1], [-1, 1, -1], [-1, -1, 1]])  # finds lines that fall from left to right

FILTERS = {
    "smoothed (box)": np.ones((3, 3)) / 9,
    "smoothed (Gauss)": np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
    "sharpened": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "Sobel, x": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "Sobel, y": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "Laplace": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
}
PICTURE = "conv_by_hand.png"


def by_hand(image, kernel, stride=1, zeros=0):
    """Each output cell is the sum of a window's cells times the kernel's; windows are `stride` cells apart."""
    padded = np.pad(image, zeros)
    size = len(kernel)
    count = (len(padded) - size) // stride + 1
    y = np.zeros((count, count))
    for p in range(count):
        for q in range(count):
            for i in range(size):
                for j in range(size):
                    y[p, q] += padded[p * stride + i, q * stride + j] * kernel[i, j]
    return y


def by_layer(image, kernels, strides=1, padding="valid", flip_kernel=False):
    """The same by Conv2D, whose weights are set: (H, W) and kernels (3, 3, O) give (P, Q, O)."""
    model = nn.Sequential([nn.layers.Conv2D(kernels.shape[2], 3, strides, padding, flip_kernel=flip_kernel)])
    model.build((*image.shape, 1), dtype="float64")
    model.set_weights([kernels[:, :, None, :], np.zeros(kernels.shape[2])])  # kernel (3, 3, C, O) and bias (O,)
    return model.predict(image[None, :, :, None])[0]


def show(title, *arrays):
    """Print arrays of whole numbers side by side."""
    print(f"\n{title}")
    for row in range(max(map(len, arrays))):
        print("     ".join("".join(f"{v:3.0f}" for v in a[row]) if row < len(a) else "   " * len(a) for a in arrays))


def lesson():
    """The 9x9 picture, by hand and by layer."""
    show("a 9x9 picture and a 3x3 kernel", CROSS, DIAGONAL)
    window = CROSS[1:4, 1:4]
    terms = " ".join(f"{a * w:+.0f}" for a, w in zip(window.ravel(), DIAGONAL.ravel(), strict=True))
    print(f"\nthe window at row 1, column 1, times the kernel: {terms} = {(window * DIAGONAL).sum():.0f}")
    for stride, zeros in ((1, 0), (2, 0), (1, 1)):
        hand = by_hand(CROSS, DIAGONAL, stride, zeros)
        layer = by_layer(CROSS, DIAGONAL[:, :, None], stride, zeros)[:, :, 0]
        words = f"stride {stride}" + (f", a frame of {zeros} zero" if zeros else "")
        size = f"(9 + {2 * zeros} - 3) / {stride} + 1 = {len(hand)}"
        show(f"{words}: {size}; by hand and by Conv2D", hand, layer)
        print("the same numbers" if np.array_equal(hand, layer) else "OTHER NUMBERS")
    sobel = FILTERS["Sobel, x"]
    plain, flipped = (by_layer(CROSS, sobel[:, :, None], flip_kernel=flip)[:, :, 0] for flip in (False, True))
    turned = np.array_equal(flipped, by_hand(CROSS, sobel[::-1, ::-1]))
    print(f"\ntrue convolution (flip_kernel=True) is the sum with the kernel turned around: {turned}")
    print(f"for Sobel's kernel, which turns into its negative, every sum changes its sign: {(plain == -flipped).all()}")


def filters(image):
    """What the filters make of an image: one layer of six output channels, and the strength of the edges."""
    kernels = np.stack(list(FILTERS.values()), axis=2).astype(float)
    found = dict(zip(FILTERS, np.moveaxis(by_layer(image, kernels, padding="same"), 2, 0), strict=True))
    return {"image": image} | found | {"edges": np.hypot(found["Sobel, x"], found["Sobel, y"])}


def roughness(image):
    """The mean difference of neighbours, away from the frame."""
    inner = image[2:-2, 2:-2]
    return (abs(np.diff(inner, axis=0)).mean() + abs(np.diff(inner, axis=1)).mean()) / 2


def photo():
    """The photograph that comes with matplotlib, grey, or None without it."""
    try:
        from matplotlib import cbook, image
    except ImportError:
        return None
    with cbook.get_sample_data("grace_hopper.jpg") as file:
        return image.imread(file, format="jpg")[:512, :512].mean(axis=2)[::2, ::2] / 255


def main():
    lesson()
    digit = nn.datasets.load_digits()[0][0].reshape(8, 8).astype(float)
    shades = np.array(list(" ░▒▓█"))
    results = filters(digit)
    print("\na digit, smoothed, and its edges")
    drawn = [results[name] for name in ("image", "smoothed (Gauss)", "edges")]
    drawn = [shades[(a / a.max() * 4).round().astype(int)] for a in drawn]
    for line in zip(*drawn, strict=True):
        print("   ".join("".join(np.repeat(row, 2)) for row in line))

    image = photo()
    kind = "a digit" if image is None else "a photograph"
    results = results if image is None else filters(image)
    print(f"\n{kind}: mean difference of neighbours")
    for name in ("image", "smoothed (box)", "smoothed (Gauss)", "sharpened"):
        print(f"  {name:18}{roughness(results[name]):.4f}")
    results["sharpened"] = results["sharpened"].clip(0, 1)
    try:
        print(f"pictures: {nn.plot.pictures(list(results.items()), PICTURE)}")
    except MissingDependency as error:
        print(f"no pictures: {error}")


if __name__ == "__main__":
    main()
