"""Devices whose programs are written down and not compiled: to list their kernels, or to run the textbook's loops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from ..devices import Device
from ..kernels._kernel import Kernel

Bind = Callable[[str, Kernel, tuple[Any, ...]], Any]


class _Unbound(Kernel):
    """A kernel whose `bind` hands the arguments to `take`."""

    def __init__(self, module: str, kernel: Kernel, take: Bind) -> None:
        self.__dict__.update(vars(kernel))
        self._module, self._kernel, self._take = module, kernel, take

    def bind(self, *arguments: Any) -> Any:
        return self._take(self._module, self._kernel, arguments)


class _Module:
    """A module of kernels, each of them unbound."""

    def __init__(self, module: Any, take: Bind) -> None:
        self._inside, self._take = module, take

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inside, name)
        return _Unbound(self._inside.__name__, found, self._take) if isinstance(found, Kernel) else found


class _Runs:
    """What stands where an executor would: functions in their order."""

    def __init__(self, functions: Sequence[Callable[[], None]], stop: Any) -> None:
        self._functions, self._stop = functions, stop

    def run(self) -> None:
        with np.errstate(all="ignore"):  # as machine code, which warns of nothing
            for function in self._functions:
                if self._stop[0]:
                    break
                function()


class Textbook(Device):
    """The reference's loops, as the Python that they are written in: slow, and nothing between them and the reader."""

    def __init__(self) -> None:
        super().__init__("reference")

    def kernels(self, operation: ModuleType) -> Any:
        return _Module(super().kernels(operation), lambda module, kernel, given: lambda: in_python(kernel, given))

    def executor(self, bound: list[Any], stop: Any) -> Any:
        return _Runs(bound, stop)


class Listing(Device):
    """The processor, whose kernels are noted in `calls` (module, name, arguments) and do nothing."""

    def __init__(self) -> None:
        super().__init__("cpu")
        self.calls: list[tuple[str, str, tuple[Any, ...]]] = []

    def kernels(self, operation: ModuleType) -> Any:
        return _Module(super().kernels(operation), self._note)

    def _note(self, module: str, kernel: Kernel, given: tuple[Any, ...]) -> None:
        self.calls.append((module, kernel.__name__, given))

    def executor(self, bound: list[Any], stop: Any) -> Any:
        return _Runs((), stop)


def in_python(kernel: Kernel, arguments: Sequence[Any]) -> None:
    """Run a kernel that has no stages, such as a reference's, without compiling it."""
    if kernel.tasks:
        for task in range(kernel.tasks(*arguments)):
            kernel.function(task, *arguments)
    else:
        kernel.function(*arguments)
