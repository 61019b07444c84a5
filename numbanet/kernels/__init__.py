"""The loops: a folder an operation, each with its contract, its textbook loops, and its fast loops.

`kernel` makes a loop of yours into one that a layer can call.
"""

from ._kernel import Kernel, kernel

__all__ = ["Kernel", "kernel"]
