from tests.kernels.convolutions import Configuration

from . import array, case, out

CONFIGURATIONS = (
    Configuration(2, 5, 7, 4, 8, (3, 3), padding=(1, 1, 1, 1)),
    # one channel, and numbers of channels that are no multiples of four, here or there
    Configuration(1, 3, 5, 1, 1, (2, 2)),
    Configuration(1, 6, 5, 3, 8, (3, 2), (1, 1), (2, 1, 2, 1), (2, 3)),
    # stride, dilation, groups and padding, two or more at a time
    Configuration(1, 7, 6, 4, 5, (3, 3), (2, 3), (0, 1, 1, 0)),
    Configuration(2, 8, 7, 4, 8, (3, 3), (2, 2), (2, 1, 1, 2), (3, 2)),
    Configuration(1, 5, 7, 8, 8, (3, 3), (2, 1), (1, 1, 1, 1), groups=2),
    Configuration(1, 7, 5, 5, 5, (3, 3), (1, 2), (2, 1, 2, 1), (2, 1), groups=5),
    # cells of the image that no position reaches; a window larger than the image; one that lies in the padding
    Configuration(1, 9, 8, 4, 4, (1, 1), (3, 3)),
    Configuration(1, 2, 3, 4, 3, (5, 5), padding=(2, 2, 2, 2)),
    Configuration(1, 1, 2, 3, 4, (3, 2), (2, 2), (3, 1, 3, 1), (2, 1)),
    # beyond a tile in pixels, channels and the depth
    Configuration(1, 6, 7, 36, 40, (3, 3), padding=(1, 1, 1, 1)),
    Configuration(1, 7, 9, 33, 34, (2, 2), (2, 1), (1, 0, 0, 1)),
)
# so many pixels that several blocks add them up
SLICED = Configuration(1, 40, 30, 3, 4, (3, 3), padding=(1, 1, 1, 1))


def cases():
    for k, it in enumerate((*CONFIGURATIONS, SLICED)):
        x, w, b, dy = (array(*a.shape) for a in it.arrays())
        note = f"{k}"
        if it is not SLICED:
            yield case("forward", x, w, b, *it.geometry, out(*dy.values.shape), note=note)
            yield case("backward_input", dy, w, *it.geometry, out(*x.values.shape), note=note)
        if k < 2:
            yield case("forward_without_bias", x, w, *it.geometry, out(*dy.values.shape), note=note)
        yield case("backward_kernel", dy, x, *it.geometry, out(*w.values.shape), note=note)
    for shape in ((1, 1, 1, 1), (2, 3, 5, 4), (3, 7, 11, 5), (2, 9, 13, 36), (1, 3, 5, 131)):
        yield case("backward_bias", array(*shape), out(shape[3]))
