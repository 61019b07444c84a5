"""The grid of pooling windows that the tests of max and average pooling go over."""

from dataclasses import dataclass
from itertools import cycle, product

import numpy as np
import pytest


@dataclass(frozen=True)
class Pool:
    """Window, strides and cells around ((top, bottom), (left, right)) for images of `image`."""

    image: tuple[int, int]
    size: tuple[int, int]
    strides: tuple[int, int]
    around: tuple[tuple[int, int], tuple[int, int]]

    @property
    def positions(self):
        return tuple(
            (n + sum(side) - k) // s + 1
            for n, k, s, side in zip(self.image, self.size, self.strides, self.around, strict=True)
        )

    @property
    def geometry(self):
        (top, _), (left, _) = self.around
        return self.size, self.strides, (top, left)

    def fits(self):
        return all(
            n + sum(side) >= k and max(side) < k for n, k, side in zip(self.image, self.size, self.around, strict=True)
        )

    def arrays(self, N, C, dtype="float64"):
        """x with values that are far apart, as central differences of a maximum need, and dy."""
        random = np.random.default_rng(N + C)
        x = random.permutation(N * C * self.image[0] * self.image[1]).reshape(N, *self.image, C) * 0.07 - 1.0
        return x.astype(dtype), random.standard_normal((N, *self.positions, C)).astype(dtype)

    def padded(self, torch, x, value):
        """x in the order of torch's axes, with `value` around."""
        (top, bottom), (left, right) = self.around
        return torch.nn.functional.pad(x.permute(0, 3, 1, 2), (left, right, top, bottom), value=value)

    def __str__(self):
        return "-".join("x".join(map(str, np.ravel(v))) for v in (self.image, self.size, self.strides, self.around))


IMAGES = [(5, 4), (7, 7), (3, 8), (6, 5), (1, 9), (4, 3)]
SIZES = [(1, 1), (2, 2), (3, 3), (2, 3), (4, 2), (1, 3), (5, 5)]
STRIDES = [(1, 1), (2, 2), (3, 1), (2, 4), (5, 3)]
AROUND = [((0, 0), (0, 0)), ((1, 1), (1, 1)), ((0, 1), (2, 0)), ((3, 1), (0, 1)), ((0, 0), (1, 2))]
FITTING = [p for p in (Pool(*options) for options in product(IMAGES, SIZES, STRIDES, AROUND)) if p.fits()]
POOLS = FITTING[::4]  # 133, with every two options together somewhere

CHANNELS = cycle([1, 3, 17, 64])
WITH_CHANNELS = [
    pytest.param(p, C, marks=[pytest.mark.compiled] if C > 3 else [], id=f"{p}-{C}")
    for p, C in zip(POOLS, CHANNELS, strict=False)
]
every_pool = pytest.mark.parametrize("pool", POOLS, ids=str)
every_pool_with_channels = pytest.mark.parametrize(("pool", "C"), WITH_CHANNELS)
LARGE = Pool((40, 37), (3, 2), (2, 2), ((1, 0), (0, 1)))  # several tasks, whose edges fall inside of samples
