"""Iterables of batches: sequences, what can be gone over again and again, and iterators, as generators are."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from .. import random
from ..checks import fail
from ..errors import DataError
from .batches import Data
from .prefetch import prefetched

END = object()
Numbered = Iterator[tuple[int, Any]]  # batches with their numbers in x, or in the epoch


def gives_batches(x: Any) -> bool:
    """Whether x is something to go over, and no array."""
    if isinstance(x, np.ndarray | Mapping | str | bytes) or hasattr(x, "__array__"):
        return False
    return isinstance(x, Iterable) or is_sequence(x)


def is_sequence(x: Any) -> bool:
    """Whether x has a length, and each of its batches by its number."""
    return hasattr(x, "__len__") and hasattr(x, "__getitem__")


class Sequence:
    """Batches x[0] to x[len(x) - 1]. `seed`: of the order in which an epoch takes them; None is their own."""

    seed: int | None

    @property
    def in_memory(self) -> bool:
        """Whether the batches are there already: handing them over from a thread would take longer than they do."""
        return isinstance(self._x, list | tuple)

    def __init__(self, owner: str, x: Any) -> None:
        self._x, self.batches, self.seed = x, len(x), None
        if not self.batches:
            fail(owner, "x", "an iterable of 1 or more batches", x)

    def first(self) -> Any:
        """The first batch."""
        return self._x[0]

    def epoch(self, order: int, first: int, done: int) -> Numbered:
        """The batches of an epoch, as in Batches."""
        numbers = range(self.batches)
        if self.seed is not None:
            numbers = random.permutation(self.batches, self.seed, random.SHUFFLE, order).tolist()
        return ((k, self._x[k]) for k in numbers[first:])

    @property
    def description(self) -> dict[str, Any]:
        return {"batches": self.batches, "shuffle": self.seed is not None}


class Rounds:
    """Batches of an iterable in its order; an epoch is all that it gives."""

    batches: int | None = None
    in_memory = False

    def __init__(self, owner: str, x: Iterable[Any]) -> None:
        self._owner, self._x = owner, x
        self._begun: Iterator[Any] | None = None

    def first(self) -> Any:
        """The first batch. It comes again: what was begun for it is gone on with."""
        iterator = iter(self._x)
        found = next(iterator, END)
        if found is END:
            self._fail(1, 0)
        self._begun = itertools.chain([found], iterator)
        return found

    def _round(self) -> Iterator[Any]:
        begun, self._begun = self._begun, None
        return iter(self._x) if begun is None else begun

    def epoch(self, order: int, first: int, done: int) -> Numbered:
        """The batches of an epoch, as in Batches; those before `first` are made, too, and dropped."""
        count = 0
        for batch in self._round():
            count += 1
            if count > first:
                yield count - 1, batch
        if count < max(first, 1):
            self._fail(max(first, 1), count)

    def _fail(self, least: int, count: int) -> NoReturn:
        raise DataError(f"{self._owner}: expected an iterable of {least} or more batches. Received: one of {count}")

    @property
    def description(self) -> dict[str, Any]:
        return {"batches": self.batches}


class Running(Rounds):
    """Batches of an iterable of which `steps` make an epoch: the next one goes on where that ended.

    What can be gone over again begins anew at its end. No batch is taken that is not of one of the epochs.
    """

    def __init__(self, owner: str, x: Iterable[Any], steps: int) -> None:
        super().__init__(owner, x)
        self.batches = self._steps = steps
        self._endless, self._taken = self._all(), 0

    def _all(self) -> Iterator[Any]:
        while True:
            batch = END
            for batch in self._round():
                yield batch
            if batch is END or isinstance(self._x, Iterator):
                return

    def _next(self) -> Any:
        batch = next(self._endless, END)
        if batch is END:
            raise DataError(
                f"{self._owner}: expected {self._steps} batches for each epoch. Received: an iterable that ended after "
                f"{self._taken} batches in all. Give fewer steps or fewer epochs, or an iterable that goes on."
            )
        self._taken += 1
        return batch

    def epoch(self, order: int, first: int, done: int) -> Numbered:
        """The batches of an epoch, as in Batches; where x was not there for those before them, it makes them now."""
        while self._taken < done * self._steps + first:
            self._next()
        for k in range(first, self._steps):
            yield k, self._next()


Stream = Sequence | Rounds


class StreamBatches:
    """The batches of a stream, made and checked ahead in a thread unless they are there already.

    check(k, batch): batch number k as Data.
    """

    samples = None

    def __init__(self, stream: Stream, check: Callable[[int, Any], Data]) -> None:
        self._stream, self._check = stream, check
        self.batches, self.description = stream.batches, stream.description

    def epoch(self, order: int = 0, first: int = 0, done: int = 0) -> Generator[Data, None, None]:
        """The batches of an epoch, as in Batches."""
        batches = (self._check(k, batch) for k, batch in self._stream.epoch(order, first, done))
        return batches if self._stream.in_memory else prefetched(batches)
