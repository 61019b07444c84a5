"""Real data: the digits that come with numbanet."""

from .digits import load_digits

__all__ = ["load_digits"]
