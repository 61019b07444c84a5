"""What the cases of recurrent layers share: N sequences of T steps without a mask, I features and H units."""

from __future__ import annotations

import math

import numpy as np

from ...kernels._gates import NAMES
from ..case import Given, array, exact

SIZES = ({"N": 64, "T": 50, "I": 32, "H": 128},)
TANH, SIGMOID = NAMES.index("tanh"), NAMES.index("sigmoid")
SETTING = 0, 0, TANH, SIGMOID  # forward in time, gradients through all steps
SIGMOID_FLOPS = 4  # 1 / (1 + e^-x), or e^x / (1 + e^x) where x < 0


def inputs(N: int, T: int, I: int, H: int, parts: int, *biases: int) -> tuple[Given, ...]:
    """x, w, u, b, with which sums are about as large as their terms."""
    return array(N, T, I), _scaled(I, parts * H), _scaled(H, parts * H), array(*biases, parts * H)


def _scaled(rows: int, columns: int) -> Given:
    return exact((array(rows, columns).values / math.sqrt(rows)).astype(np.float32).astype(np.float64))


def every(N: int, T: int) -> tuple[Given, Given]:
    """A mask that leaves no step out, and no dropout of the states."""
    return exact(np.ones((N, T))), array(N, 0)


def states(N: int, T: int, H: int) -> Given:
    """Before, between and after the steps."""
    return array(N, T + 1, H, low=-1, high=1)


def begun(N: int, T: int, H: int) -> Given:
    """States of which the first is given, and all others are written."""
    values = np.full((N, T + 1, H), np.nan)
    values[:, 0] = array(N, H, low=-1, high=1).values
    return Given(values, written=True, read=False)


def gates(N: int, T: int, width: int) -> Given:
    """Values of gates, which lie between 0 and 1."""
    return array(N, T, width, low=0, high=1)
