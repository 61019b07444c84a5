"""Ctrl-C while a model trains: taken note of at once, and raised between two steps."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, raised between two steps: the model is as the last step left it."""


class Interrupts:
    """`with Interrupts() as interrupts:` Ctrl-C no longer breaks in, but `interrupts.check()` raises.

    at_once: set while no step runs and waiting may take long: Ctrl-C raises Interrupted right there.
    Where that is not called any more, Ctrl-C is raised at the end. A second Ctrl-C breaks in where it comes. In a
    thread, or where the program has a handler of its own, nothing is changed: Python delivers signals to the main
    thread, and what a program chose stays.
    """

    def __init__(self) -> None:
        self.pressed = self.at_once = False
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *error: Any) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        if self.pressed and error[0] is None:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True
        if self.at_once:
            raise Interrupted

    def check(self) -> None:
        """Raises Interrupted once Ctrl-C was pressed."""
        if self.pressed:
            raise Interrupted
