"""Training on a file larger than it need be in memory: python bench/memory_mapped.py --gigabytes 4

An epoch of fit, shuffled, on samples in a memory-mapped file of random numbers: how far the process's resident size
(VmRSS, which counts the pages of mapped files) rises above what it was after some warm-up steps on other samples, and
the time of a step beside that on an array in memory: the thread that reads batches hides where a core is left for it.
The file lies in the temporary folder and is removed at the end.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import report

import numbanet as nn

FEATURES, CLASSES = 3072, 10
IN_MEMORY = 2**28  # bytes of the array that is compared with
BLOCK = 2**24  # bytes that are written at once


def resident() -> float:
    """The resident size of this process, in MiB."""
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


class Watch(threading.Thread):
    """Looks at the resident size every few milliseconds."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self._ended = resident(), threading.Event()

    def run(self) -> None:
        while not self._ended.wait(0.005):
            self.peak = max(self.peak, resident())

    def end(self) -> float:
        """The peak, in MiB."""
        self._ended.set()
        self.join()
        return self.peak


def write(path: Path, gigabytes: float, dtype: np.dtype) -> None:
    """A file of random rows, none of them twice in a row; every block of it is really there."""
    random = np.random.default_rng(0)
    left = int(gigabytes * 10**9) // (FEATURES * dtype.itemsize) * FEATURES * dtype.itemsize
    with path.open("wb") as file:
        while left:
            size = min(left, BLOCK)
            values = random.integers(0, 256, size // dtype.itemsize, np.uint8)
            file.write((values if dtype == np.uint8 else values.astype(dtype) / 256).astype(dtype).tobytes())
            left -= size


def model() -> nn.Sequential:
    m = nn.Sequential([nn.layers.Dense(64, activation="relu"), nn.layers.Dense(CLASSES)])
    m.compile(nn.optimizers.Adam(1e-4), nn.losses.SparseCategoricalCrossentropy())
    return m


def epoch(m: nn.Sequential, x: np.ndarray, y: np.ndarray, batch: int) -> float:
    """Microseconds of a step."""
    start = time.perf_counter()
    m.fit(x, y, batch_size=batch, verbose=0)
    return (time.perf_counter() - start) / -(-len(x) // batch) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=4.0)
    parser.add_argument("--dtype", choices=("float32", "uint8"), default="float32")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--write", action="store_true", help="replace the section in bench/RESULTS.md")
    options = parser.parse_args()
    dtype = np.dtype(options.dtype)
    with tempfile.TemporaryDirectory() as folder:
        if shutil.disk_usage(folder).free < options.gigabytes * 1.2e9:
            raise SystemExit(f"{folder}: too little room for {options.gigabytes} GB")
        path = Path(folder, "samples")
        write(path, options.gigabytes, dtype)
        x = np.memmap(path, dtype, "r").reshape(-1, FEATURES)
        y = np.arange(len(x)) % CLASSES
        m = model()
        warm = np.random.default_rng(1).integers(0, 256, (20 * options.batch + len(x) % options.batch, FEATURES))
        epoch(m, warm.astype(dtype), y[: len(warm)], options.batch)
        del warm
        before, watch = resident(), Watch()
        watch.start()
        mapped = epoch(m, x, y, options.batch)
        growth = watch.end() - before
        count = IN_MEMORY // (FEATURES * 4)
        array, labels, rows = np.array(x[:count], np.float32), y[:count], []
        for threads in (1, nn.get_num_threads()):
            nn.set_num_threads(threads)
            times = [(epoch(m, x[:count], labels, options.batch), epoch(m, array, labels, options.batch))]
            times += [(epoch(m, x[:count], labels, options.batch), epoch(m, array, labels, options.batch))]
            cached, in_memory = (min(of_one) for of_one in zip(*times, strict=True))
            rows.append([f"{threads}", f"{cached:.0f}", f"{in_memory:.0f}", f"{cached / in_memory:.2f}"])
    text = (
        f"{options.gigabytes:g} GB of {dtype}, {len(x):,} samples in batches of {options.batch}: RSS grows by "
        f"{growth:.0f} MiB. A step takes {mapped:.0f} us."
    )
    head = (f"a step on {IN_MEMORY >> 20} MiB of it; threads", "mapped, us", "in memory, us", "mapped / in memory")
    found = f"{text}\n\n{report.table(head, rows)}"
    print(found)
    if options.write:
        report.write_section("Memory-mapped samples", report.prose(__doc__), found)


if __name__ == "__main__":
    main()
