"""numbanet.kernels.fill: the reference's loop vectorises as it stands."""

from .reference import constant

__all__ = ["constant"]
