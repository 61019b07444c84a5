"""Real data: the digits that come with numbanet, MNIST and Fashion-MNIST, and files of MNIST's format."""

from .digits import load_digits
from .idx import load_idx
from .mnist import load_fashion_mnist, load_mnist

__all__ = ["load_digits", "load_fashion_mnist", "load_idx", "load_mnist"]
