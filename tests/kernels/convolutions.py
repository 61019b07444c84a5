"""Configurations of convolutions, drawn once and for ever: what the tests of conv2d and its relatives run over."""

from itertools import product
from typing import NamedTuple

import numpy as np
import pytest


class Configuration(NamedTuple):
    n: int
    h: int
    w: int
    c: int
    o: int  # output channels; of a depthwise convolution, of each input channel
    kernel: tuple[int, int]
    strides: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)  # top, left, bottom, right
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    @property
    def output(self):
        (kh, kw), (sh, sw), (dh, dw), (top, left, bottom, right) = (
            self.kernel,
            self.strides,
            self.dilation,
            self.padding,
        )
        p = (self.h + top + bottom - (kh - 1) * dh - 1) // sh + 1
        return p, (self.w + left + right - (kw - 1) * dw - 1) // sw + 1

    @property
    def before(self):
        return self.padding[:2]

    @property
    def geometry(self):
        """The arguments of the kernels."""
        return self.strides, self.before, self.dilation

    def arrays(self, dtype="float64", depthwise=False):
        """x, w, b, dy"""
        inside = self.c if depthwise else self.c // self.groups
        out = self.c * self.o if depthwise else self.o
        random = np.random.default_rng(self.h + 10 * self.w + 100 * self.c + self.o)
        shapes = (self.n, self.h, self.w, self.c), (*self.kernel, inside, self.o), (out,), (self.n, *self.output, out)
        # not centred on zero: the error of a sum of one cell that cancels out is its own condition, not the kernel's
        return tuple((random.standard_normal(shape) + 0.5).astype(dtype) for shape in shapes)


def name(configuration):
    def dense(values):
        return "".join(map(str, values))

    n, h, w, c, o, kernel, strides, padding, dilation, groups = configuration
    options = f"k{dense(kernel)}s{dense(strides)}p{dense(padding)}d{dense(dilation)}g{groups}"
    return f"{n}x{h}x{w}x{c}-{o}-{options}"


SIDES = (1, 2, 3, 5, 6, 7, 9, 13)
CHANNELS = {1: ((1, 1), (1, 5), (2, 3), (3, 2), (5, 1), (8, 2)), 2: ((2, 2), (4, 2), (2, 6), (6, 4))}
PER_CHANNEL = ((2, 2), (3, 3), (3, 6), (5, 5))  # groups = C
DEPTHWISE = ((1, 1), (1, 3), (2, 1), (3, 2), (5, 1), (8, 1))  # (C, M)
SMALL = 250  # cells of x, w or y at most: central differences visit every cell


def _draw(count, seed, depthwise=False):
    random = np.random.default_rng(seed)

    def pick(values):
        return values[int(random.integers(len(values)))]

    found = {}
    while len(found) < count:
        groups = 1 if depthwise else pick((1, 1, 2, 0))
        c, o = pick(DEPTHWISE if depthwise else CHANNELS.get(groups, PER_CHANNEL))
        configuration = Configuration(
            pick((1, 2)),
            pick(SIDES),
            pick(SIDES),
            c,
            o,
            kernel=(pick((1, 2, 3, 4, 5)), pick((1, 2, 3, 4, 5))),
            strides=(pick((1, 2, 3)), pick((1, 2, 3))),
            padding=tuple(pick((0, 0, 1, 2, 3)) for _ in range(4)),
            dilation=(pick((1, 1, 2, 3)), pick((1, 1, 2, 3))),
            groups=groups or c,
        )
        if min(configuration.output) < 1:
            continue  # the window does not fit
        if max(a.size for a in configuration.arrays(depthwise=depthwise)) <= SMALL:
            found[configuration] = None
    return tuple(found)


def grid(configurations, default=1, plain=8):
    """As parameters of a test: one in `default` with every run, the others with the slow tests.

    Without the compiler, one in `plain` will do.
    """
    parameters = []
    for k, it in enumerate(configurations):
        marks = [pytest.mark.slow] if k % default else []
        marks += [pytest.mark.compiled] if k % plain else []
        parameters.append(pytest.param(it, id=name(it), marks=marks))
    return parameters


GRID = _draw(300, seed=2)
TRANSPOSED_GRID = _draw(80, seed=4)
DEPTHWISE_GRID = _draw(80, seed=5, depthwise=True)

# larger than a tile in channels and rows, and the shapes that networks have
LARGE = (
    Configuration(2, 3, 70, 31, 33, (3, 3), padding=(1, 1, 1, 1)),
    Configuration(1, 5, 37, 64, 67, (3, 2), (1, 2), (1, 0, 0, 1)),
    Configuration(2, 4, 33, 33, 96, (1, 3), (2, 1), (0, 2, 1, 0), (1, 2)),
    Configuration(3, 6, 6, 96, 31, (2, 2), (2, 3), (1, 1, 0, 0)),
    Configuration(1, 2, 131, 67, 64, (1, 1)),
    Configuration(2, 9, 9, 64, 64, (3, 3), padding=(1, 1, 1, 1)),
    Configuration(2, 9, 11, 64, 66, (3, 3), padding=(1, 1, 1, 1), groups=2),
    Configuration(2, 5, 7, 66, 66, (3, 3), (1, 1), (1, 1, 1, 1), groups=66),
    Configuration(2, 28, 28, 1, 32, (3, 3), padding=(1, 1, 1, 1)),
    Configuration(2, 17, 19, 3, 32, (5, 5), (2, 2), (2, 2, 2, 2)),
    Configuration(1, 1, 300, 5, 37, (1, 7), (1, 1), (0, 6, 0, 0), (1, 1)),
    Configuration(37, 4, 4, 6, 16, (3, 3)),
    Configuration(2, 8, 8, 3, 1, (3, 3), padding=(1, 1, 1, 1)),
    Configuration(131, 1, 1, 8, 35, (1, 1)),
)
LARGE_DEPTHWISE = (
    Configuration(2, 9, 70, 31, 1, (3, 3), padding=(1, 1, 1, 1)),
    Configuration(1, 5, 37, 67, 2, (3, 2), (1, 2), (1, 0, 0, 1)),
    Configuration(2, 8, 33, 96, 1, (5, 5), (2, 2), (2, 2, 2, 2)),
    Configuration(2, 6, 41, 64, 1, (3, 3), (2, 3), (1, 1, 0, 0), (2, 2)),
    Configuration(2, 3, 130, 33, 1, (1, 7), (1, 1), (0, 6, 0, 0)),
    Configuration(3, 7, 7, 160, 1, (3, 3), padding=(1, 1, 1, 1)),
    Configuration(1, 33, 35, 3, 5, (3, 3), padding=(1, 1, 1, 1)),
    Configuration(40, 3, 3, 16, 1, (2, 2)),
    # windows, dilations, strides and multipliers that do not fit into the buffer or the tile
    Configuration(1, 21, 23, 5, 1, (11, 9), padding=(5, 4, 5, 4)),
    Configuration(1, 45, 75, 3, 2, (3, 3), (2, 1), (1, 0, 0, 3), (20, 33)),
    Configuration(1, 50, 130, 2, 3, (2, 3), (17, 41), (3, 2, 1, 0)),
    Configuration(2, 4, 7, 3, 45, (3, 2), (1, 2), (1, 1, 1, 1)),
)


def missing_pairs(configurations):
    """The pairs of option values that no configuration has."""
    options = {
        "kernel height": (1, 2, 3, 4, 5),
        "kernel width": (1, 2, 3, 4, 5),
        "stride down": (1, 2, 3),
        "stride across": (1, 2, 3),
        "dilation down": (1, 2, 3),
        "dilation across": (1, 2, 3),
        "symmetric": (True, False),
    }
    rows = []
    for it in configurations:
        top, left, bottom, right = it.padding
        rows.append((*it.kernel, *it.strides, *it.dilation, (top, left) == (bottom, right)))
    wanted = {
        (a, b, u, v)
        for (a, us), (b, vs) in product(enumerate(options.values()), repeat=2)
        if a < b
        for u, v in product(us, vs)
    }
    return wanted - {(a, b, row[a], row[b]) for row in rows for a in range(len(row)) for b in range(a + 1, len(row))}


def torch_pad(torch, x, padding):
    """(N, H, W, C) of numpy as a padded (N, C, H, W) of torch, and the leaf that gets the gradient."""
    leaf = torch.tensor(x, requires_grad=True)
    top, left, bottom, right = padding
    return leaf, torch.nn.functional.pad(leaf.permute(0, 3, 1, 2), (left, right, top, bottom))
