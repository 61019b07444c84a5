"""numbanet.kernels.running_mean: a few additions, for which the reference is the kernel."""

from .reference import update, update_masked

__all__ = ["update", "update_masked"]
