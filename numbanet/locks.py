"""Turns: how the methods of a model take turns."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any, ClassVar


class Turns:
    """A re-entrant lock that is free in a forked child: whoever held it in the parent does not exist there."""

    _all: ClassVar[weakref.WeakSet[Turns]] = weakref.WeakSet()

    def __init__(self) -> None:
        self._lock = threading.RLock()
        Turns._all.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *error: Any) -> None:
        self._lock.release()

    @classmethod
    def renew(cls) -> None:
        """Free all of them."""
        for turns in cls._all:
            turns._lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Turns.renew)
