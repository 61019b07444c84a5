"""The processes of a training: how many there are, which one this is, and what they tell each other now and then."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

import numpy as np

from .exchange import Exchange, Kept, Sent
from .tree import Cut

SHOWN = 0.5  # seconds that mpiexec has to pass on what was written: what it has not read when all end, is lost


class Team(Protocol):
    """The processes, called ranks. What is said to be of all must be called by all of them, in the same order."""

    @property
    def rank(self) -> int:
        """Which one this is, from 0."""

    @property
    def size(self) -> int:
        """How many there are."""

    @property
    def leads(self) -> bool:
        """Whether this is the rank that writes files and speaks to the user."""

    def gather(self, value: Any) -> list[Any]:
        """What each rank gives, in the order of ranks; of all."""

    def sums(self, rows: Any) -> Callable[[], Any]:
        """Starts to send rows of numbers; the result waits for those of all ranks: (ranks, *rows.shape); of all."""

    def exchange(self, cut: Cut) -> Exchange:
        """What makes one gradient of those of all ranks; of all."""

    def end(self, error: BaseException) -> NoReturn:
        """End the training of all ranks because of an error that only this one knows of; shows it."""


class Alone:
    """The only process."""

    rank, size, leads = 0, 1, True

    def gather(self, value: Any) -> list[Any]:
        """What each rank gives, in the order of ranks."""
        return [value]

    def sums(self, rows: Any) -> Callable[[], Any]:
        """The rows of all ranks, which are those."""
        return lambda: rows[None]

    def exchange(self, cut: Cut) -> Exchange:
        """What scales a gradient, which is already that of all."""
        return Kept()

    def end(self, error: BaseException) -> NoReturn:
        """Nobody waits: the error goes its way."""
        raise error


class Ranks:
    """The processes of an MPI communicator of mpi4py's."""

    def __init__(self, world: Any) -> None:
        from mpi4py import MPI

        self._world = world
        self.rank: int = world.Get_rank()
        self.size: int = world.Get_size()
        # what one communicator carries at once must be started in one order by all ranks; an MPI has only so many
        self._numbers, self._to_owners, self._to_all = (world.Dup() for _ in range(3))
        self.neighbours: int = world.Split_type(MPI.COMM_TYPE_SHARED).Get_size()  # of this machine
        if self.size > 1:
            self._hook = sys.excepthook
            sys.excepthook = self._uncaught

    @property
    def leads(self) -> bool:
        """Whether this is the rank that writes files and speaks to the user."""
        return self.rank == 0

    def gather(self, value: Any) -> list[Any]:
        """What each rank gives, in the order of ranks."""
        found: list[Any] = self._world.allgather(value)
        return found

    def sums(self, rows: Any) -> Callable[[], Any]:
        """Starts to send rows of float64 numbers; the result waits for those of all ranks."""
        found = np.empty((self.size, *rows.shape))
        request = self._numbers.Iallgather(rows, found)

        def wait() -> Any:
            request.Wait()
            return found

        return wait

    def exchange(self, cut: Cut) -> Exchange:
        """What makes one gradient of those of all ranks."""
        return Sent(self._to_owners, self._to_all, cut) if self.size > 1 else Kept()

    def end(self, error: BaseException) -> NoReturn:
        """Show the error and end all processes: the others may wait for this one, and would do so forever."""
        if self.size == 1:
            raise error
        self._abort(type(error), error, error.__traceback__)

    def _abort(self, kind: Any, error: Any, trace: Any) -> NoReturn:
        text = "".join(traceback.format_exception(kind, error, trace))
        sys.stdout.flush()
        sys.stderr.write(f"rank {self.rank} of {self.size} ends the training of all:\n{text}")
        self._stop()

    def _uncaught(self, kind: Any, error: Any, trace: Any) -> None:
        """A program that ends by an error on one rank ends on all."""
        self._hook(kind, error, trace)
        self._stop()

    def _stop(self) -> NoReturn:
        sys.stderr.flush()
        time.sleep(SHOWN)
        self._world.Abort(1)
        os._exit(1)  # MPICH's may return before the process is ended
