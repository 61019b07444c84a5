"""How parameters begin: each initializer maps a shape to float64 numbers, from the seed and the parameter's stream.

Fans: of a kernel (..., I, O) the fan in is I and the fan out O, times the window for a convolution.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import random
from .checks import fail, number, positive
from .config import resolve
from .errors import ShapeError

Shape = tuple[int, ...]


def fans(shape: Shape) -> tuple[int, int]:
    """(fan in, fan out) of a kernel, with the window's size in both."""
    if len(shape) < 2:
        size = math.prod(shape)
        return size, size
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


class Initializer:
    """Call it with (shape, seed, stream) for an array of float64."""

    def __call__(self, shape: Shape, seed: int, stream: int) -> Any:
        raise TypeError(f"{type(self).__name__} must define __call__(shape, seed, stream)")

    def get_config(self) -> dict[str, Any]:
        return dict(vars(self))

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class Zeros(Initializer):
    """All zero."""

    def __call__(self, shape: Shape, seed: int, stream: int) -> Any:
        return np.zeros(shape)


class Ones(Initializer):
    """All one."""

    def __call__(self, shape: Shape, seed: int, stream: int) -> Any:
        return np.ones(shape)


class Constant(Initializer):
    """All `value`."""

    def __init__(self, value: float = 0.0) -> None:
        self.value = number("Constant", "value", value)

    def __call__(self, shape: Shape, seed: int, stream: int) -> Any:
        return np.full(shape, self.value)


class RandomUniform(Initializer):
    """Uniform from `minval` to `maxval`, without the fans: what Keras calls "uniform"."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05) -> None:
        self.minval, self.maxval = (
            number("RandomUniform", name, v) for name, v in (("minval", minval), ("maxval", maxval))
        )
        if self.minval > self.maxval:
            fail("RandomUniform", "maxval", f"minval={minval} or more", maxval)

    def __call__(self, shape: Shape, seed: int, stream: int) -> Any:
        return self.minval + (self.maxval - self.minval) * random.uniform(shape, seed, stream)


class _Scaled(Initializer):
    """Zero mean and variance `scale` / fan."""

    scale = 1.0

    @staticmethod
    def fan(fan_in: int, fan_out: int) -> float:
        return fan_in

    def variance(self, shape: Shape) -> float:
        return self.scale / max(1.0, self.fan(*fans(shape)))


class _Uniform(_Scaled):
    def __call__(self, shape: Shape, seed: int, stream: int) -> Any:
        limit = math.sqrt(3.0 * self.variance(shape))
        return (2.0 * random.uniform(shape, seed, stream) - 1.0) * limit


# The standard deviation of a standard normal cut off at two, so that what is left has the variance asked for (Keras).
TRUNCATED = 0.87962566103423978


class _Normal(_Scaled):
    """Normal, and drawn again beyond two standard deviations, as Keras."""

    def __call__(self, shape: Shape, seed: int, stream: int) -> Any:
        values = random.normal(shape, seed, stream)
        step = 0
        while (outside := np.abs(values) > 2.0).any():
            step += 1
            values = np.where(outside, random.normal(shape, seed, stream, step), values)
        return values * (math.sqrt(self.variance(shape)) / TRUNCATED)


def _mean_fan(fan_in: int, fan_out: int) -> float:
    return (fan_in + fan_out) / 2.0


class GlorotUniform(_Uniform):
    """Variance 2 / (fan in + fan out): Glorot and Bengio, AISTATS 2010, equation 16."""

    fan = staticmethod(_mean_fan)


class GlorotNormal(_Normal):
    """Variance 2 / (fan in + fan out): Glorot and Bengio, AISTATS 2010, equation 12."""

    fan = staticmethod(_mean_fan)


class HeUniform(_Uniform):
    """Variance 2 / fan in, for ReLU: He et al., ICCV 2015, equation 10."""

    scale = 2.0


class HeNormal(_Normal):
    """Variance 2 / fan in, for ReLU: He et al., ICCV 2015, equation 10."""

    scale = 2.0


class LecunUniform(_Uniform):
    """Variance 1 / fan in: LeCun et al., Efficient BackProp, 1998, section 4.6."""


class LecunNormal(_Normal):
    """Variance 1 / fan in: LeCun et al., Efficient BackProp, 1998, section 4.6; for SELU, Klambauer et al., 2017."""


class Orthogonal(_Scaled):
    """Orthonormal rows or columns times `gain`: Saxe, McClelland and Ganguli, ICLR 2014.

    Gram-Schmidt, twice over ("twice is enough", Giraud et al. 2005), in sums whose order is fixed: LAPACK's bits
    depend on the number of threads.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = positive("Orthogonal", "gain", gain)

    def __call__(self, shape: Shape, seed: int, stream: int) -> Any:
        if len(shape) < 2:
            raise ShapeError(f"Orthogonal: expected a kernel of two axes or more, received shape {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        basis = random.normal((min(rows, columns), max(rows, columns)), seed, stream)
        for k, vector in enumerate(basis):
            for _ in range(2):
                shares = (basis[:k] * vector).sum(axis=1)
                vector -= (basis[:k] * shares[:, None]).sum(axis=0)
            vector /= np.sqrt((vector * vector).sum())
        matrix = basis if rows <= columns else basis.T
        return (self.gain * matrix).reshape(shape)


_known = {
    "zeros": Zeros,
    "ones": Ones,
    "constant": Constant,
    "uniform": RandomUniform,
    "random_uniform": RandomUniform,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
    "orthogonal": Orthogonal,
}


def get(owner: str, argument: str, initializer: Any) -> Initializer:
    """The initializer of that name, or the one given."""
    found: Initializer = resolve(owner, argument, initializer, Initializer, _known)
    return found
