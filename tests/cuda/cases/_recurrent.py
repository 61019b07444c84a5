"""What the cases of the recurrent kernels share: problems with each option, of sizes below and beyond a block's."""

from dataclasses import dataclass

import numpy as np

from numbanet.kernels._gates import NAMES

from . import array, exact, integers

# samples, steps, inputs, units: a block has 16 samples and 8 units, and takes 256 gates' gradients at a time
SIZES = [(1, 1, 1, 1), (3, 4, 5, 17), (33, 2, 4, 8), (2, 2, 35, 68), (2, 7, 3, 9)]
EVERY = {"masked": True, "dropped": True, "back": 1, "cut": 2, "last": True}
OPTIONS = [(0, {}), (1, EVERY), (2, {}), (2, {"masked": True, "cut": 1}), (4, {"cut": 3}), (3, EVERY)]
TAU, SIGMA = NAMES.index("relu"), NAMES.index("hard_sigmoid")


@dataclass(frozen=True)
class Problem:
    """The arrays that the calls of one layer share, and its choices."""

    size: tuple
    masked: bool = False
    dropped: bool = False
    back: int = 0
    cut: int = 0
    last: bool = False

    def __str__(self):
        return " ".join(f"{name} {getattr(self, name)}" for name in EVERY if getattr(self, name)) or "plain"

    @property
    def mask(self):
        N, T = self.size[:2]
        mask = integers(0, 4, N, T).values > 0 if self.masked else np.ones((N, T))
        mask[N // 2, self.masked and N > 1 :] = not self.masked
        return exact(np.asarray(mask, float))

    @property
    def keep(self):
        N, H = self.size[0], self.size[3]
        return array(N, H, low=0, high=2) if self.dropped else array(N, 0)

    @property
    def dh(self):
        N, T, _, H = self.size
        return array(N, 1 if self.last else T, H)

    def inputs(self, parts, biases=()):
        """x, w, u and b, so that sums are about as large as their terms; NaN where x is left out."""
        N, T, I, H = self.size
        x = np.where(self.mask.values[..., None], array(N, T, I).values, np.nan)
        w, u = array(I, parts * H).values / np.sqrt(I), array(H, parts * H).values / np.sqrt(H)
        return exact(x), exact(np.float32(w)), exact(np.float32(u)), array(*biases, parts * H)

    def states(self, bound=1.0):
        """The state at each step."""
        N, T, _, H = self.size
        return array(N, T + 1, H, low=-bound, high=bound)

    def begun(self, seed=0):
        """States of which only the first is known."""
        N, T, _, H = self.size
        values = np.full((N, T + 1, H), np.nan)
        values[:, T if self.back else 0] = array(N, H + seed, low=-1, high=1).values[:, :H]
        return exact(values)

    def gates(self, parts):
        """What forward left of the gates, which are between 0 and 1: NaN where a step is left out."""
        N, T, _, H = self.size
        z = array(N, T, parts * H, low=0, high=1)
        return exact(np.where(self.mask.values[..., None], z.values, np.nan))

    def setting(self, *activations):
        return self.back, self.cut, *activations


def problems():
    """Options at sizes: each compiles kernels anew, so few of each."""
    return [Problem(SIZES[size], **options) for size, options in OPTIONS]
