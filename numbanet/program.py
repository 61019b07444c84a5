"""A training step as a flat program: the kernel calls in order, each with its owner, operation and arrays.

Layers, losses, metrics and optimizers write their calls down once; the step replays the list. Nothing is looked up
or allocated while it runs, and whoever wants to see a step (summary, trace, a debugger) reads the same list.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from .devices import Device
from .errors import ArgumentError
from .kernels._kernel import Kernel


@dataclass(frozen=True)
class Call:
    """One kernel call of a step."""

    owner: str  # the layer's name, or "data", "loss", "metrics", "check", "optimizer"
    kernel: Kernel
    arguments: tuple[Any, ...]

    def __repr__(self) -> str:
        return f"{self.owner}: {self.kernel!r}"


class Program:
    """Write calls with `call`, then `run` them as often as you like.

    stop (1,) int64: a kernel that sets it ends the run; `run` does nothing until it is 0 again.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self.owner = ""
        self.calls: list[Call] = []
        self.stop = device.flag()
        self._executor: Any = None

    def kernels(self, operation: ModuleType) -> Any:
        """The kernels of an operation on the program's device."""
        return self.device.kernels(operation)

    def call(self, kernel: Kernel, *arguments: Any) -> None:
        """Add a kernel call: its arrays must stay where they are."""
        if not isinstance(kernel, Kernel):
            raise ArgumentError(f"{self.owner}: expected a kernel, made with @kernel, received {kernel!r}")
        if any(argument is None for argument in arguments):
            raise ArgumentError(
                f"{self.owner}: expected arrays for {kernel!r}, received None. Gradients that nobody needs, of frozen "
                "parameters (unless t.trained) and t.dx, are None: leave out the calls that compute them."
            )
        self.calls.append(Call(self.owner, kernel, arguments))

    def finish(self) -> Program:
        """Compile what is new and bind every call. The arrays are kept alive by `calls`."""
        self._executor = self.device.executor([call.kernel.bind(*call.arguments) for call in self.calls], self.stop)
        return self

    def run(self) -> None:
        """Run the calls in order."""
        if self._executor is None:
            self.finish()
        self._executor.run()

    def stopped(self, wait: bool = True) -> bool:
        """Whether a kernel ended the run; wait: for a GPU that still runs, or say what is known by now."""
        return self.device.is_set(self.stop, wait)
