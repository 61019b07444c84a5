"""Looking at a network while it learns."""

from .gradient_check import check_gradients

__all__ = ["check_gradients"]
