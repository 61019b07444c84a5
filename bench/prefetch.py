"""How much of a generator's time hides behind the steps: python bench/prefetch.py

A generator that needs 0.25, 0.5 and 0.9 of the time of a step to make a batch, asleep or computing with NumPy. Hidden
is what fit does not wait for: 1 - (time from a step's end to the next one's begin) / (time in the generator); and, on a
machine with nothing else to do, what the epoch is not longer by than one on ready batches. Medians of some rounds in
which the two take turns. Kernels run on one thread, so that a generator that computes has a core to itself.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
import report

import numbanet as nn

SHARES = (0.25, 0.5, 0.9)
BATCH, FEATURES, UNITS = 256, 512, 512


def asleep(seconds: float) -> None:
    time.sleep(seconds)


class Computing:
    """Square roots of an array that fits the cache, as many as take so long on an idle core."""

    def __init__(self) -> None:
        self._array = np.ones(2**16, np.float32)
        self._each = min(self._seconds() for _ in range(2000))

    def _seconds(self) -> float:
        start = time.perf_counter()
        np.sqrt(self._array, out=self._array)
        return time.perf_counter() - start

    def __call__(self, seconds: float) -> None:
        for _ in range(round(seconds / self._each)):
            np.sqrt(self._array, out=self._array)


class Waits(nn.callbacks.Callback):
    """Adds up the time between two steps."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.total = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._end = time.perf_counter()

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self.total += time.perf_counter() - self._end

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._end = time.perf_counter()


class Generator:
    """`count` batches, each made by `work` of some seconds; `total` is the time that it took."""

    def __init__(self, x: np.ndarray, y: np.ndarray, count: int) -> None:
        self.x, self.y, self.count, self.total = x, y, count, 0.0

    def batches(self, work: Callable[[float], None], seconds: float) -> Iterator:
        for _ in range(self.count):
            start = time.perf_counter()
            if seconds:
                work(seconds)
            self.total += time.perf_counter() - start
            yield self.x, self.y


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=60, help="of an epoch")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="replace the section in bench/RESULTS.md")
    options = parser.parse_args()
    nn.set_num_threads(1)
    x = np.random.default_rng(0).standard_normal((BATCH, FEATURES)).astype("float32")
    y = np.arange(BATCH) % 10
    dense = [nn.layers.Dense(UNITS, activation="relu") for _ in range(3)]
    model = nn.Sequential([*dense, nn.layers.Dense(10)])
    model.compile(nn.optimizers.Adam(1e-4), nn.losses.SparseCategoricalCrossentropy())

    def epoch(work: Callable[[float], None], seconds: float) -> tuple[float, float, float]:
        """Seconds of the epoch, of its waits, and in the generator."""
        waits, generator = Waits(), Generator(x, y, options.steps)
        start = time.perf_counter()
        model.fit(generator.batches(work, seconds), callbacks=[waits], verbose=0)
        return time.perf_counter() - start, waits.total, generator.total

    step = min(epoch(asleep, 0)[0] for _ in range(4)) / options.steps
    rows = []
    for name, work in (("asleep", asleep), ("computing", Computing())):
        for share in SHARES:
            unwaited, hidden, seconds = [], [], share * step
            for _ in range(options.rounds):
                ready = epoch(work, 0)[0]
                whole, waited, made = epoch(work, seconds)
                unwaited.append(1 - waited / made)
                hidden.append(1 - (whole - ready) / made)
            found = [f"{statistics.median(values):.0%}" for values in (unwaited, hidden)]
            rows.append([name, f"{share:g}", f"{seconds * 1e3:.2f}", *found])
    head = ("the generator is", "time of a batch / step", "ms", "not waited for", "not in the epoch")
    found = report.table(head, rows)
    print(f"a step: {step * 1e3:.2f} ms\n\n{found}")
    if options.write:
        report.write_section("Prefetching", report.prose(__doc__), f"A step takes {step * 1e3:.2f} ms.\n\n{found}")


if __name__ == "__main__":
    main()
