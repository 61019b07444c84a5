"""Training on many processes and machines: each does its part of every batch, and all come to the same bits.

The batch is cut into shards whose gradients are added up along one fixed tree, so that the weights do not depend on
how many processes there are. docs/how-to/many_machines.md says how to start them, and when it pays.
"""

from .data_parallel import DataParallel
from .launch import launched

__all__ = ["DataParallel", "launched"]
