"""Kernels as plain Python, for a while: the loops that a debugger steps through, without another process.

What runs is the textbook's loop, on the processor's devices alike: the fast loops of "cpu" are built on intrinsics
that only the compiler knows. `NUMBA_DISABLE_JIT=1` has forms of those in Python, for it is there at import.
"""

from __future__ import annotations

import importlib
from contextvars import ContextVar
from typing import Any

# of this thread, or task of asyncio: others go on with machine code
plain: ContextVar[bool] = ContextVar("numbanet_plain_python", default=False)


def textbook(kernel: Any) -> Any:
    """The reference's kernel of the same operation and name; a kernel that users wrote is its own."""
    package, _, module = kernel.function.__module__.rpartition(".")
    if module == "reference" or not package.startswith("numbanet.kernels."):
        return kernel
    return getattr(importlib.import_module(f"{package}.reference"), kernel.__name__)
