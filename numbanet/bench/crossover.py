"""From which batch size on one device is faster than another, and what bounds each: rows of steps put into words."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from .results import StepRow

WORDS = {"launch": "launch-bound", "memory": "memory-bound", "multiply-adds": "compute-bound"}
NEAR = 0.25  # of a limit: below, something else takes most of the time, such as Python's call or a GPU's copies

Side = tuple[str, int]  # a device, and threads


def summary(rows: Sequence[StepRow]) -> Iterator[str]:
    """Lines on one model: what bounds each side, and for each two devices from which batch on the later one wins."""
    sides: dict[Side, list[StepRow]] = {}
    for row in rows:
        sides.setdefault((row.device, row.threads), []).append(row)
    for side, own in sides.items():
        yield f"{own[0].model}, {_words(side)}: {bounds(own)}"
    for (first, own), (second, other) in itertools.combinations(sides.items(), 2):
        if first[0] != second[0]:
            times = {row.batch: row.time.median for row in own}
            others = {row.batch: row.time.median for row in other}
            ranges = {row.batch: (row.time.low, row.time.high) for row in own}
            for row in other:
                low, high = ranges.get(row.batch, (0.0, 0.0))
                if low <= row.time.high and row.time.low <= high:
                    others[row.batch] = times[row.batch]  # the quartiles meet: neither is faster
            if found := verdict(times, others, _words(first), _words(second)):
                yield f"{own[0].model}: {found}"


def crossover(times: Mapping[int, float], others: Mapping[int, float]) -> float | None:
    """The batch size from which on the others take less time, at all larger ones that were measured.

    Both map batch sizes to the time of a step. Between the last loss and the first win the logarithm of the ratio is
    taken as linear in that of the batch. 0 where the others always take less; None where they do not at the largest.
    """
    batches = sorted(times.keys() & others.keys())
    ahead = [math.log(times[batch] / others[batch]) for batch in batches]
    lost = [k for k, value in enumerate(ahead) if value <= 0]
    if not lost:
        return 0.0
    if lost[-1] + 1 == len(batches):
        return None
    (low, before), (high, after) = ((math.log(batches[k]), ahead[k]) for k in (lost[-1], lost[-1] + 1))
    return math.exp(low + (high - low) * before / (before - after))


def verdict(times: Mapping[int, float], others: Mapping[int, float], name: str, other: str) -> str:
    """A sentence on the crossover; empty where no batch size was measured on both."""
    batches = sorted(times.keys() & others.keys())
    if not batches:
        return ""
    wins = [batch for batch in batches if others[batch] < times[batch]]
    batch = crossover(times, others)
    several = len(batches) > 1
    if not wins:
        where = f"any batch size measured, {_range(batches)}" if several else f"batch {batches[0]}"
        return f"{other} is not faster than {name} at {where}"
    if batch is None:
        return f"{other} is not faster than {name} at batch {batches[-1]}, the largest, but is at {_list(wins)}"
    if not batch:
        where = f"every batch size measured, {_range(batches)}" if several else f"batch {batches[0]}"
        return f"{other} is faster than {name} at {where}"
    early = [size for size in wins if size < batch]
    also = f", and at {_list(early)}" if early else ""
    return f"{other} is faster than {name} from batch about {batch:.0f} on (to {batches[-1]}){also}"


def bounds(rows: Sequence[StepRow]) -> str:
    """What bounds a side at growing batch sizes, and how near to that limit it is."""
    parts = []
    ordered = sorted(rows, key=lambda row: row.batch)
    for (bound, near), group in itertools.groupby(ordered, key=lambda row: (row.bound, row.share >= NEAR)):
        own = list(group)
        low, high = (_percent(pick(row.share for row in own)) for pick in (min, max))
        shares, at = low if low == high else f"{low} to {high}", f"at batch {_range([row.batch for row in own])}"
        if near:
            parts.append(f"{WORDS[bound]} {at} ({shares} % of that limit)")
        else:
            parts.append(f"far from every limit {at} (the nearest is {bound}, {shares} %)")
    return ", ".join(parts)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}" if share > 0.01 else f"{100 * share:.1g}"


def _words(side: Side) -> str:
    device, threads = side
    return f"{device} on {threads} thread{'s' if threads > 1 else ''}" if device == "cpu" else device


def _range(batches: Sequence[int]) -> str:
    return f"{batches[0]}" if len(batches) == 1 else f"{batches[0]} to {batches[-1]}"


def _list(batches: Sequence[int]) -> str:
    return ", ".join(map(str, batches))
