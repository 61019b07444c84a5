"""Looking at a network while it learns."""

from .gradient_check import check_gradients
from .inside import gates, layer_output

__all__ = ["check_gradients", "gates", "layer_output"]
