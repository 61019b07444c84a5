"""numbanet.kernels.mean_error: the reference's loops vectorise as they stand."""

from .reference import absolute, squared

__all__ = ["absolute", "squared"]
