"""What the cases of optimizers share: E parameters of a model, their gradients and moments."""

from __future__ import annotations

from ..case import Given, array, double, exact, update

SIZES = ({"E": 1 << 20},)
RATE = double(exact([1e-3]))


def gradient(E: int) -> Given:
    return array(E)


def moment(E: int) -> Given:
    """Of the gradients."""
    return update(array(E, low=-1, high=1))


def positive(E: int) -> Given:
    """Of the gradients' squares."""
    return update(array(E, low=0.4, high=0.6))


def weights(E: int) -> Given:
    return update(array(E, low=-2, high=2))
