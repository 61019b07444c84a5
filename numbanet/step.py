"""One recorded step of a model, and the arrays at its ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .program import Program


@dataclass(frozen=True)
class Mode:
    """What a step does after its forward pass."""

    training: bool = False  # dropout and the like are on
    loss: bool = False
    report: bool = False  # add loss and metrics up
    gradients: bool = False
    input_gradient: bool = False
    update: bool = False
    lengths: bool = False  # the batch has a mask, which says which steps of its sequences count
    guarded: bool = False  # before an update: a loss or a gradient that is not finite ends the step


PREDICT = Mode()
EVALUATE = Mode(loss=True, report=True)
TRAIN = Mode(training=True, loss=True, gradients=True, update=True, guarded=True)
FIT = Mode(training=True, loss=True, report=True, gradients=True, update=True, guarded=True)


@dataclass(frozen=True)
class Source:
    """Whole arrays that a step takes its batch from: row order[first + k] becomes sample k, and first moves on."""

    x: Any
    y: Any
    weights: Any | None
    mask: Any | None
    order: Any
    first: Any


@dataclass(frozen=True)
class Step:
    """A recorded step and the arrays at its ends.

    before: sets the learning rate of an update, where a schedule gives it. accumulating: what runs instead where `due`
    says that no update is due yet. refuse: raises what there is to say of a program that stopped.
    """

    program: Program
    x: Any
    dx: Any
    mask: Any
    y: Any
    targets: Any
    weights: Any
    loss: Any
    before: Callable[[], None] | None = None
    accumulating: Program | None = None
    due: Callable[[], bool] | None = None
    refuse: Callable[[Program], None] | None = None

    def run(self, wait: bool = True) -> None:
        """Replay the program. Raises NonFiniteError where it stopped, with the weights as they were.

        wait: for a GPU. Otherwise the error may come up at a later step, or when the last one is settled; nothing has
        changed in between.
        """
        program = self.program
        if self.accumulating is not None and self.due is not None and not self.due():
            program = self.accumulating
        elif self.before is not None:
            self.before()
        program.run()
        self.settle(program, wait or self.accumulating is not None)  # two programs take turns

    def settle(self, program: Program, wait: bool = True) -> None:
        """Raises NonFiniteError where the program stopped."""
        if self.refuse is not None and program.stopped(wait):
            self.refuse(program)

    def fits(self, x: Any, y: Any) -> bool:
        """Whether x and y are arrays in the very types and shapes of the step."""
        return (
            isinstance(y, np.ndarray)
            and y.shape == self.targets.shape
            and x.dtype == self.x.dtype
            and y.dtype == self.targets.dtype
        )
