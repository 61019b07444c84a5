"""The batches of a training, of which each rank reads the rows of its own shards."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from ..data.batches import Batches, RowBatches
from .agreement import expect_alike, of_batch
from .shards import Part, ShardedStep
from .team import Team
from .tree import Cut


def parts(
    source: Batches, team: Team, cut: Cut, order: int = 0, first: int = 0, done: int = 0
) -> Generator[Part, None, None]:
    """This rank's part of each batch of an epoch, as in Batches; close it where not all of them are taken.

    Rows of arrays are read where they are a rank's own; what makes batches makes whole ones, on each rank the same:
    Raises RanksDiffer where it does not, or ends.
    """
    if not isinstance(source, RowBatches):
        with closing(source.epoch(order, first, done)) as batches:
            while True:
                data = next(batches, None)
                if team.size > 1:
                    expect_alike(team, "goes on", {"a batch of hash": of_batch(data)})
                if data is None:
                    return
                yield Part(data, len(data), 0)
    with closing(source.parts(order, first, lambda *ends: _rows(cut, *ends))) as batches:
        starts = range(first * source.batch_size, source.samples, source.batch_size)
        for start, data in zip(starts, batches, strict=True):
            stop = min(start + source.batch_size, source.samples)
            yield Part(data, stop - start, _rows(cut, start, stop).start - start)


def _rows(cut: Cut, start: int, stop: int) -> slice:
    """The rows of this rank's shards in the batch from start to stop; one row, whichever, where they have none."""
    bounds = cut.bounds(stop - start)
    first = min(start + bounds[cut.own.start], stop - 1)
    return slice(first, max(start + bounds[cut.own.stop], first + 1))


@dataclass(frozen=True)
class ShardedBatch:
    """A batch that is trained in shards, as data.batches.Batch."""

    step: ShardedStep
    part: Part

    def __len__(self) -> int:
        return self.part.n

    def run(self, wait: bool = True) -> None:
        """Raises NonFiniteError."""
        self.step.run(self.part)

    def settle(self) -> None:
        """Nothing is left to be told: each run waits."""


class ShardedFeed:
    """The batches of `source` in shards, as data.batches.Feed."""

    def __init__(self, step: ShardedStep, source: Batches, team: Team, cut: Cut) -> None:
        self.step, self.source, self._team, self._cut = step, source, team, cut
        self.samples, self.batches = source.samples, source.batches
        self.description: dict[str, Any] = source.description | {"shards": cut.shards}

    def epoch(self, order: int, first: int, done: int) -> Generator[Any, None, None]:
        """The steps of an epoch, as in Batches."""
        with closing(parts(self.source, self._team, self._cut, order, first, done)) as found:
            for part in found:
                yield ShardedBatch(self.step, part)
