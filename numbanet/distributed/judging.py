"""Loss and metrics over data of which each rank takes its shards of every batch."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np

from ..step import EVALUATE
from ..steps import Steps
from .shards import Part
from .team import Team
from .tree import Cut, complete


def evaluate(steps: Steps, team: Team, cut: Cut, parts: Generator[Part, None, None]) -> dict[str, Any]:
    """Loss and metrics, without training; those of an epoch that a callback stands in are kept.

    What a shard number comes to adds up over the batches, and all of them along the tree, so the result does not depend
    on the number of ranks.
    """
    before = [np.array(total) for total in steps.totals]
    sums = {k: [np.zeros_like(total) for total in before] for k in cut.own}
    try:
        with closing(parts):
            for part in parts:
                bounds = cut.bounds(part.n)
                steps.reserve(cut.most(part.n))
                for k in cut.own:
                    if bounds[k] < bounds[k + 1]:
                        _add(steps, part, bounds, k, sums[k])
        rows = {k: found for of_rank in team.gather(sums) for k, found in of_rank.items()}
        found = complete(
            {(k, 1): row for k, row in rows.items()},
            (0, cut.shards),
            lambda a, b: [u + v for u, v in zip(a, b, strict=True)],
        )
        _put(steps, found)
        return steps.results()
    finally:
        steps.restore_weights()
        _put(steps, before)


def _add(steps: Steps, part: Part, bounds: list[int], k: int, sums: list[Any]) -> None:
    """Add what shard k of a batch comes to."""
    data = part.shard(bounds, k)
    step = steps.step(replace(EVALUATE, lengths=data.masked), len(data))
    _put(steps, sums)
    data.put(step)
    step.run()
    for place, total in zip(sums, steps.totals, strict=True):
        place[...] = total


def _put(steps: Steps, values: list[Any]) -> None:
    for total, value in zip(steps.totals, values, strict=True):
        total[...] = value
