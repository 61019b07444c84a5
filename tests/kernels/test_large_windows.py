"""Windows that span more cells than a band holds with all channels: the band is cut by channels and by rows."""

import numpy as np
import pytest

import numbanet as nn
from numbanet.kernels.conv2d import cpu, reference
from tests.oracles import assert_agrees, poisoned

pytestmark = pytest.mark.compiled


@pytest.mark.parametrize(
    ("height", "width", "channels", "filters", "kernel", "dilation"),
    [
        (1, 6000, 5, 3, (1, 5950), 1),  # fewer channels than lie together, and not all in one band
        (1, 7400, 2, 2, (1, 7300), 1),
        (1, 9010, 8, 2, (1, 9000), 1),
        (100, 99, 8, 2, (3, 3), 48),
        (98, 97, 9, 2, (96, 96), 1),
        (1, 65536, 1, 1, (1, 65536), 1),
    ],
)
def test_cpu_agrees_with_the_reference(height, width, channels, filters, kernel, dilation):
    random = np.random.default_rng(0)
    span = [(k - 1) * dilation + 1 for k in kernel]
    geometry = (1, 1), (0, 0), (dilation, dilation)
    x = random.standard_normal((1, height, width, channels))
    w = random.standard_normal((*kernel, channels, filters))
    dy = random.standard_normal((1, height - span[0] + 1, width - span[1] + 1, filters))
    found, expected = [], []
    for kernels, results in ((cpu, found), (reference, expected)):
        y, dx, dw = poisoned(dy), poisoned(x), poisoned(w)
        kernels.forward_without_bias(x, w, *geometry, y)
        kernels.backward_kernel(dy, x, *geometry, dw)
        results += [y, dw]
        if width * kernel[1] < 1e9:  # every cell of dx sees every cell of the window, and most are zeros: minutes
            kernels.backward_input(dy, w, *geometry, dx)
            results.append(dx)
    for a, b in zip(found, expected, strict=True):
        assert_agrees(a, b)


@pytest.mark.parametrize(
    "layer", [nn.layers.Conv2D(2, 300), nn.layers.Conv2D(2, 3, dilation_rate=200), nn.layers.Conv2DTranspose(2, 300)]
)
def test_a_window_that_no_band_holds_is_refused_at_the_door(layer):
    with pytest.raises(nn.errors.ShapeError, match="spans at most 65,536 cells"):
        nn.Sequential([layer]).build((500, 500, 1))
