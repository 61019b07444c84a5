"""What the cases of losses, metrics and softmax share: N or R rows of C outputs or classes."""

from __future__ import annotations

from ..case import Given, array, double, exact, integers, update

SIZES = ({"R": 4096, "C": 100},)
SMOOTHING = 0.1


def scores(R: int, C: int) -> Given:
    return array(R, C)


def targets(R: int, C: int) -> Given:
    """Between 0 and 1."""
    return array(R, C, low=0, high=1)


def probabilities(R: int, C: int) -> Given:
    return array(R, C, low=0.01, high=0.99)


def labels(R: int, C: int) -> Given:
    return integers(0, C, R)


def weights(R: int) -> Given:
    """Of samples."""
    return array(R, low=0.5, high=2)


def state(size: int = 2) -> Given:
    """Of a metric."""
    return double(update(exact([0.0] * size)))
