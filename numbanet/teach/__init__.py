"""Looking at a network while it learns."""

from .gradient_check import check_gradients
from .inside import layer_output

__all__ = ["check_gradients", "layer_output"]
