"""From what users pass to the batches of a step: checks at the door, splits, shuffling, iterables, mapped files."""

from .door import split

__all__ = ["split"]
