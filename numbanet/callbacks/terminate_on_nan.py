"""What fit does at a step that comes to NaN or infinity."""

from __future__ import annotations

from ..checks import choice
from .base import Callback


class TerminateOnNaN(Callback):
    """Chooses what fit does at the first step whose loss, or whose gradient, has NaN or infinity in it.

    action: "error", which is what fit does without this callback, raises NonFiniteError, which names the layer, the
    step and the first array that is not finite. "stop" warns of the same and ends the training there: the
    history has the epochs that were finished. In both the update is not made: weights, running statistics and moments
    are those before the step. "ignore" does not look and trains on.
    """

    def __init__(self, action: str = "error") -> None:
        self.action = choice("TerminateOnNaN", "action", action, ("error", "stop", "ignore"))
