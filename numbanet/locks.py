"""Turns: how the methods of a model take turns."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, ClassVar

from .errors import StateError


class Helper(threading.Thread):
    """A thread that works for the one that made it, which waits for what it brings."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(target=work, name="numbanet-helper", daemon=True)
        self.works_for = threading.get_ident()


class Turns:
    """A re-entrant lock that is free in a forked child: whoever held it in the parent does not exist there.

    A Helper of the thread that holds it would wait for ever, and raises StateError instead.
    """

    _all: ClassVar[weakref.WeakSet[Turns]] = weakref.WeakSet()

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._holder = 0
        Turns._all.add(self)

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            if getattr(threading.current_thread(), "works_for", None) == self._holder:
                raise StateError(
                    "fit makes its batches in a thread, so what makes them cannot use the model that is trained. Use "
                    "another model with its weights, or train_on_batch in a loop of your own."
                )
            self._lock.acquire()
        self._holder = threading.get_ident()

    def __exit__(self, *error: Any) -> None:
        self._lock.release()

    @classmethod
    def renew(cls) -> None:
        """Free all of them."""
        for turns in cls._all:
            turns._lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Turns.renew)
