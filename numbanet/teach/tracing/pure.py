"""pure_python: the loops as plain Python, for a debugger to step through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...kernels._plain import plain


@contextmanager
def pure_python() -> Iterator[None]:
    """Within this block every kernel call runs its textbook loop as plain Python: `with nn.pure_python(): ...`.

    A breakpoint in numbanet/kernels/<operation>/reference.py is hit, and sys.settrace sees every line, whether the
    model was built before or inside. A loop of your own runs as it stands.

    A model on device="cpu" runs the loops of "reference" meanwhile, because its own are made for the compiler. Results
    are those of machine code but for rounding, and take 50 times as long for a tiny model, 20,000 for one with a layer
    of 512: use few small samples. It holds for the thread, or task of asyncio, that enters the block. Blocks may be
    nested; it can also decorate a function.

    Where a model on a GPU would run, it raises DeviceError.
    """
    before = plain.set(True)
    try:
        yield
    finally:
        plain.reset(before)
