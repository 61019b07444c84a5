"""Real data: the digits and sunspots that come with numbanet, MNIST and Fashion-MNIST, and files of MNIST's format."""

from .digits import load_digits
from .idx import load_idx
from .mnist import load_fashion_mnist, load_mnist
from .sunspots import load_sunspots

__all__ = ["load_digits", "load_fashion_mnist", "load_idx", "load_mnist", "load_sunspots"]
