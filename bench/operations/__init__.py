"""What is timed on its own: kernels and passes of layers, with their arrays, their work and PyTorch's form of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .layers import activation_operations, dropout_operations, norm_operations, pool_operations
from .operation import Operation
from .products import conv2d_operations, dense_operations
from .training import adam_operations, cross_entropy_operations

FAMILIES: tuple[Callable[[], Iterator[Operation]], ...] = (
    dense_operations,
    conv2d_operations,
    pool_operations,
    norm_operations,
    activation_operations,
    dropout_operations,
    cross_entropy_operations,
    adam_operations,
)


def operations(only: str = "") -> list[Operation]:
    """Those whose name holds every word of `only`."""
    return [o for make in FAMILIES for o in make() if all(word in o.name for word in only.split())]
