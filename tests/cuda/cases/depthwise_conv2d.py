from tests.kernels.convolutions import Configuration

from . import array, case, out

CONFIGURATIONS = (
    # four channels a thread; one with several channels of output each; one channel
    Configuration(2, 5, 7, 8, 1, (3, 3), padding=(1, 1, 1, 1)),
    Configuration(2, 5, 4, 5, 2, (3, 2), (1, 2), (1, 0, 0, 1)),
    Configuration(1, 3, 5, 1, 1, (2, 2)),
    # stride, padding and dilation, and all of them
    Configuration(1, 7, 6, 4, 1, (3, 3), (2, 3), (0, 1, 1, 0)),
    Configuration(1, 7, 9, 3, 1, (3, 2), (1, 1), (2, 1, 2, 1), (2, 3)),
    Configuration(2, 8, 7, 4, 1, (3, 3), (2, 2), (2, 1, 1, 2), (3, 2)),
    Configuration(1, 6, 7, 2, 3, (2, 3), (3, 2), (1, 2, 1, 2), (2, 2)),
    # rows, columns and channels beyond a block's; more cells than a thread sums; cells that no position reaches
    Configuration(2, 3, 21, 36, 1, (3, 3), padding=(1, 1, 1, 1)),
    Configuration(1, 2, 19, 37, 1, (1, 3), padding=(0, 1, 0, 1)),
    Configuration(37, 3, 3, 4, 1, (2, 2)),
    Configuration(1, 2, 150, 1, 1, (2, 2), (1, 2)),
    Configuration(1, 6, 5, 4, 1, (4, 3), padding=(2, 1, 2, 1)),
    Configuration(1, 6, 5, 3, 1, (5, 4), padding=(2, 1, 2, 2)),
    Configuration(1, 9, 8, 4, 1, (1, 1), (3, 3)),
    # a window larger than the image; one whose cells lie mostly in the padding
    Configuration(1, 2, 3, 4, 1, (5, 5), padding=(2, 2, 2, 2)),
    Configuration(1, 1, 2, 3, 1, (3, 2), (2, 2), (3, 1, 3, 1), (2, 1)),
)


def cases():
    for k, it in enumerate(CONFIGURATIONS):
        x, w, b, dy = (array(*a.shape) for a in it.arrays(depthwise=True))
        note = f"{k}"
        yield case("forward", x, w, b, *it.geometry, out(*dy.values.shape), note=note)
        if k < 3:
            yield case("forward_without_bias", x, w, *it.geometry, out(*dy.values.shape), note=note)
        yield case("backward_input", dy, w, *it.geometry, out(*x.values.shape), note=note)
        yield case("backward_kernel", dy, x, *it.geometry, out(*w.values.shape), note=note)
