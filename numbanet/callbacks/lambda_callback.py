"""A callback of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..checks import fail
from .base import Callback, Logs

Hook = Callable[..., Any]


class LambdaCallback(Callback):
    """Calls a function at each hook that has one.

    on_epoch_begin, on_epoch_end: take (epoch, logs). on_train_batch_begin, on_train_batch_end: take (batch, logs).
    on_train_begin, on_train_end, on_test_begin, on_test_end (of an epoch's validation): take (logs). on_interrupt,
    after Ctrl-C: takes nothing. logs is a dict, empty where there is nothing to say.
    """

    def __init__(
        self,
        on_epoch_begin: Hook | None = None,
        on_epoch_end: Hook | None = None,
        on_train_begin: Hook | None = None,
        on_train_end: Hook | None = None,
        on_train_batch_begin: Hook | None = None,
        on_train_batch_end: Hook | None = None,
        on_test_begin: Hook | None = None,
        on_test_end: Hook | None = None,
        on_interrupt: Hook | None = None,
    ) -> None:
        self._hooks = {name: hook for name, hook in locals().items() if name.startswith("on_") and hook is not None}
        for name, hook in self._hooks.items():
            if not callable(hook):
                fail("LambdaCallback", name, "a function", hook)

    @property
    def watches_batches(self) -> bool:
        return not self._hooks.keys().isdisjoint({"on_train_batch_begin", "on_train_batch_end"})

    def _call(self, name: str, *arguments: Any) -> None:
        if hook := self._hooks.get(name):
            *place, logs = arguments
            hook(*place, {} if logs is None else logs)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._call("on_train_begin", logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._call("on_train_end", logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._call("on_epoch_begin", epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._call("on_epoch_end", epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_train_batch_end", batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._call("on_test_begin", logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._call("on_test_end", logs)

    def on_interrupt(self) -> None:
        if hook := self._hooks.get("on_interrupt"):
            hook()
