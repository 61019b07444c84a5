"""The limits of this machine, by numbanet's kernels and by hand in C: python bench/roofs.py

All take turns, and the best of their stretches counts, as for the limits of `numbanet bench`: numbanet's multiply-adds
beside those of a loop in C, and its copies beside memcpy, a plain loop in C and np.copyto, a slice for each thread. C
is bench/by_hand.c under cc -O3 -march=native -fopenmp. "of the best" is numbanet's speed over that of the best other.
"in place": an array that is changed where it is, which is the limit of memory for kernels that do so.
Then the limit of the multiply-adds three times: the spread is what the largest is above the smallest. For AVX2 on a
machine that has more: NUMBA_CPU_NAME=haswell NUMBA_CPU_FEATURES= python bench/roofs.py.
"""

from __future__ import annotations

import argparse
import ctypes
import functools
import os
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import report

import numbanet as nn
from numbanet.bench import roofs
from numbanet.bench.clock import Run, alternate
from numbanet.devices import get_device

SOURCE = Path(__file__).with_name("by_hand.c")
DTYPES = {"float32": ctypes.c_float, "float64": ctypes.c_double}
TURNS = 200_000
STRETCH = 0.002  # seconds: the shorter it is, the likelier is one that nothing disturbs
MEMORY = 2**28  # bytes of both arrays together, those of the last level
HEAD = "limit", "threads", "unit", "numbanet", "in place", "C", "memcpy", "np.copyto", "of the best"
HEAD_AGAIN = "multiply-adds, GFLOP/s", "threads", "first", "second", "third", "spread"


@functools.cache
def library() -> ctypes.CDLL:
    """The code in C, compiled for this machine, or for the processor of NUMBA_CPU_NAME."""
    folder = tempfile.mkdtemp()
    target = Path(folder, "by_hand.so")
    processor = os.environ.get("NUMBA_CPU_NAME") or "native"
    flags = ["-O3", f"-march={processor}", "-fopenmp", "-fno-tree-loop-distribute-patterns"]  # or the loop is memcpy
    subprocess.run(["cc", *flags, "-shared", "-fPIC", SOURCE, "-o", target], check=True)
    return ctypes.CDLL(str(target))


def adds_in_c(dtype: str, threads: int) -> tuple[float, Run]:
    """FLOPs, and what does them."""
    kind, size = DTYPES[dtype], np.dtype(dtype).itemsize
    function = getattr(library(), f"multiply_adds_{dtype}")
    last = (kind * threads)()
    arguments = ctypes.c_long(TURNS), kind(roofs.A), kind(roofs.B), last, ctypes.c_int(threads)
    flops = 2.0 * TURNS * threads * library().numbers_of_a_thread(size)
    return flops, lambda: function(*arguments)


def copies_in_c(name: str, x: np.ndarray, y: np.ndarray, threads: int) -> Run:
    function = getattr(library(), name)
    pointers = (ctypes.c_void_p(a.ctypes.data) for a in (y, x))
    arguments = *pointers, ctypes.c_size_t(x.nbytes), ctypes.c_int(threads)
    return lambda: function(*arguments)


def copies_in_numpy(x: np.ndarray, y: np.ndarray, pool: ThreadPoolExecutor, threads: int) -> Run:
    """np.copyto lets other threads run meanwhile."""
    pieces = list(zip(np.array_split(y, threads), np.array_split(x, threads), strict=True))

    def run() -> None:
        others = [pool.submit(np.copyto, *piece) for piece in pieces[1:]]
        np.copyto(*pieces[0])
        for other in others:
            other.result()

    return run


def adds(dtype: str, threads: int, rounds: int) -> list[str]:
    """A row of the table."""
    ours = roofs.MultiplyAdds(get_device("cpu"), dtype)
    flops, run = adds_in_c(dtype, threads)
    times = alternate({"numbanet": ours.run, "C": run}, rounds, STRETCH)
    speed, theirs = ours.flops / times["numbanet"].best / 1e3, flops / times["C"].best / 1e3
    cells = [f"{speed:.1f}", "", f"{theirs:.1f}", "", "", f"{speed / theirs:.1%}"]
    return [f"{dtype} multiply-adds", str(threads), "GFLOP/s", *cells]


def copies(size: int, threads: int, rounds: int) -> list[str]:
    """A row of the table."""
    ours, updates = roofs.Copies(get_device("cpu"), size), roofs.Updates(get_device("cpu"), size)
    x, y = np.ones(size // 8, np.float32), np.zeros(size // 8, np.float32)
    with ThreadPoolExecutor(threads) as pool:
        others = {
            "C": copies_in_c("copy_loop", x, y, threads),
            "memcpy": copies_in_c("copy_memcpy", x, y, threads),
            "np.copyto": copies_in_numpy(x, y, pool, threads),
        }
        times = alternate(ours.runs | others | {"in place": updates.run}, rounds, STRETCH)
    speed = max(ours.bytes / times[name].best for name in ours.runs) / 1e3
    theirs = [2 * x.nbytes / times[name].best / 1e3 for name in others]
    changed = updates.bytes / times["in place"].best / 1e3
    cells = [f"{rate:.1f}" for rate in (speed, changed, *theirs)] + [f"{speed / max(theirs):.1%}"]
    return [f"copy, {size >> 20} MiB together", str(threads), "GB/s", *cells]


def again(dtype: str, threads: int) -> list[str]:
    """A row of the second table."""
    found = [roofs.measure(get_device("cpu"), threads, dtype).gflops for _ in range(3)]
    return [dtype, str(threads), *(f"{each:.1f}" for each in found), f"{max(found) / min(found) - 1:.1%}"]


def rows(threads: list[int], row: Callable[[int], list[list[str]]]) -> list[list[str]]:
    """Those for each number of threads."""
    found = []
    for count in threads:
        nn.set_num_threads(count)
        found += row(count)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--write", action="store_true", help="replace the section in bench/RESULTS.md")
    o = parser.parse_args()
    first = rows(o.threads, lambda count: [adds(dtype, count, o.rounds) for dtype in DTYPES])
    first += rows(o.threads, lambda count: [copies(size, count, o.rounds) for size in (MEMORY // 4, MEMORY)])
    second = rows(o.threads, lambda count: [again(dtype, count) for dtype in DTYPES])
    tables = report.table(HEAD, first), report.table(HEAD_AGAIN, second)
    print("\n\n".join(tables))
    if o.write:
        report.write_section("Limits of the machine", report.prose(__doc__), *tables)


if __name__ == "__main__":
    main()
