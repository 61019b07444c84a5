"""Times of things that take turns, so that a noisy machine is noisy to all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .results import Timing

STRETCH = 0.005  # seconds of one thing before the next has its turn
PAUSE = 0.02  # seconds of sleep before a turn: the threads of OpenMP spin for some 10 ms after the last work they had
SETTLE = 0.002  # seconds of the thing before the clock starts

Run = Callable[[], object]


@dataclass
class Times:
    """Microseconds of one run of something, a value for each stretch."""

    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def best(self) -> float:
        return min(self.values)

    def over(self, count: int = 1) -> Timing:
        """The times of one of `count` things that a run does."""
        ordered = sorted(value / count for value in self.values)
        low, high = ordered[len(ordered) // 4], ordered[-1 - len(ordered) // 4]
        return Timing(statistics.median(ordered), low, high, ordered[0])


def _nothing() -> None:
    """The processor is done when a call returns."""


def seconds(run: Run, count: int, wait: Run = _nothing) -> float:
    """Of `count` runs; wait: for what they have started elsewhere."""
    wait()
    start = time.perf_counter()
    for _ in range(count):
        run()
    wait()
    return time.perf_counter() - start


def alternate(runs: dict[str, Run], rounds: int, stretch: float = STRETCH, wait: Run = _nothing) -> dict[str, Times]:
    """The times of each of `runs`, which take turns for `rounds` rounds of stretches of `stretch` seconds."""
    counts = {}
    for name, run in runs.items():
        seconds(run, 2, wait)  # what compiles does so now
        once = min(seconds(run, 1, wait) for _ in range(3))
        counts[name] = max(1, int(SETTLE / once)), max(1, int(stretch / once))
    times: dict[str, Times] = {name: Times() for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            before, count = counts[name]
            time.sleep(PAUSE)
            seconds(run, before, wait)
            times[name].values.append(seconds(run, count, wait) / count * 1e6)
    return times
