"""The rungs of the ladders: an operation's forward pass, from the textbook's loop to the kernel that is used.

A file for each operation on the CPU, and one on a GPU; each ends with its RUNGS. Where a rung needs no more than the
ladder's own arguments to be understood, it does no more: the library's kernels do the rest.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...kernels._kernel import Kernel


@dataclass(frozen=True)
class Variant:
    """A rung before it is run. why: what changed, and why it is faster: two lines."""

    name: str
    kernel: Kernel
    why: str
    helpers: tuple[Callable[..., Any], ...] = ()  # functions that its code calls, and readers should see
    plain: bool = False  # run by Python, without a compiler
    all_threads: bool = False

    @property
    def code(self) -> str:
        """The source of its function, behind that of its stages and helpers."""
        stages = [stage.function for stage in self.kernel.before if stage.function.__module__.startswith(__name__)]
        functions = [*self.helpers, *stages, self.kernel.function]
        return "\n\n".join(inspect.getsource(getattr(function, "py_func", function)) for function in functions)
