"""The limits of this machine, by explicit loops: fused multiply-adds and bytes copied a second. python bench/peak.py

The limit of the multiply-adds is measured by chains x = x a + b, enough of them to hide the latency and few enough
to stay in registers: the loop holds vfmadd and no load. For the limit of AVX2 on a machine that has more:
NUMBA_CPU_NAME=haswell NUMBA_CPU_FEATURES= python bench/peak.py (the name alone keeps the features of the machine).
"""

from __future__ import annotations

import argparse
import functools

import numpy as np
import report

import numbanet as nn
from numbanet.bench.clock import alternate
from numbanet.kernels._jit import like
from numbanet.kernels._kernel import Executor, Kernel, kernel
from numbanet.kernels._tile import stack

CHAINS = 13  # vectors of sums: two multiply-adds a cycle, 4 or 5 cycles to a result; 12 of 4 numbers do not vectorise
VECTORS = (64, 32)  # bytes of a vector: one of them is right for the instruction set, the other spills or starves
LENGTH = 200_000  # multiply-adds of a chain in a task
COPIED = 2**26  # bytes of the array that is copied


@functools.cache
def _fma(chains: int) -> Kernel:
    """A kernel of `chains` sums that never leave the registers."""

    def fma(task, factor, term, length, sums):
        x = stack(chains, sums)
        a, b = like(factor, sums), like(term, sums)  # constants would be folded over several steps
        for i in range(chains):
            x[i] = sums[task, i]
        for _ in range(length):
            for i in range(chains):
                x[i] = x[i] * a + b
        for i in range(chains):
            sums[task, i] = x[i]

    return Kernel(fma, tasks=lambda a, b, n, sums: len(sums), work=lambda a, b, n, sums: 1e3)


class Peak:
    """The floating-point limit for the number of threads that numbanet is set to: `run` does FLOPS of work."""

    def __init__(self, dtype: str = "float32", threads: int | None = None) -> None:
        found = [self._shape(size // np.dtype(dtype).itemsize, dtype, threads) for size in VECTORS]
        _, self.flops, self.run = max(found, key=lambda entry: entry[0])

    @staticmethod
    def _shape(lanes, dtype, threads):
        sums = np.zeros((threads or nn.get_num_threads(), CHAINS * lanes), dtype)
        run = Executor([_fma(sums.shape[1]).bind(0.5, 1.0, LENGTH, sums)]).run
        flops = 2.0 * LENGTH * sums.size
        return flops / alternate({"": run}, 5, 0.001)[""].best, flops, run


@kernel(tasks=lambda a, b: len(a), work=lambda a, b: 1e3)
def copy(task, a, b):
    for i in range(np.uint64(a.shape[1])):
        b[np.uint64(task), i] = a[np.uint64(task), i]


def copy_run():
    """What copies COPIED bytes."""
    a = np.ones((64, COPIED // 4 // 64), np.float32)
    return Executor([copy.bind(a, np.zeros_like(a))]).run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--write", action="store_true", help="replace the section in bench/RESULTS.md")
    options = parser.parse_args()
    rows = []
    for threads in options.threads:
        nn.set_num_threads(threads)
        peaks = {dtype: Peak(dtype) for dtype in ("float32", "float64")}
        times = alternate({dtype: peak.run for dtype, peak in peaks.items()} | {"copy": copy_run()}, options.rounds)
        for name, t in times.items():
            work, unit = (peaks[name].flops, "GFLOP/s") if name in peaks else (2.0 * COPIED, "GB/s")
            what = f"{name} multiply-adds" if name in peaks else f"copy of {COPIED >> 20} MiB, read and written"
            rows.append([what, str(threads), unit, f"{work / t.median / 1e3:.1f}", f"{work / t.best / 1e3:.1f}"])
    table = report.table(["limit", "threads", "unit", "median", "best"], rows)
    print(table)
    if options.write:
        report.write_section("Limits of the machine", report.prose(__doc__), table)


if __name__ == "__main__":
    main()
