"""Every kernel beside the machine's limit and PyTorch's same operation: python bench/kernel_time.py --only dense

The limit of the multiply-adds (bench/roofs.py), the kernel and PyTorch, in the faster of its memory formats, take
turns. Medians of stretches of 5 ms; "best" is the fastest stretch, which on a shared machine says more. The ratio is
PyTorch's time over ours. Multiplications with padding count as work, as is usual; bytes are those of a layer's x, y
and gradients.

The code for AVX2 on a machine that has more:
NUMBA_CPU_NAME=haswell NUMBA_CPU_FEATURES= python bench/kernel_time.py --only "dense 1024"
"""

from __future__ import annotations

import argparse
import os

import numpy as np
import report
from operations import Operation, operations

import numbanet as nn
from numbanet.bench.clock import alternate
from numbanet.bench.roofs import MultiplyAdds
from numbanet.devices import get_device
from numbanet.kernels._kernel import Executor

HEAD = "kernel", "threads", "unit", "median", "best", "of peak", "best", "PyTorch", "best", "ratio", "best"
WIDTHS = 44, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6


def measure(o: Operation, rounds: int, torch: bool) -> list[str]:
    """A row of the table. PyTorch's result is ours, to 1e-4 of its largest element."""
    bound, result = o.ours()
    run = Executor(bound).run
    run()
    peak = MultiplyAdds(get_device("cpu"))
    runs = {"numbanet": run, "peak": peak.run}
    for k, peer in enumerate(o.peers() if torch else []):
        error = np.abs(peer().numpy() - result).max() / np.abs(result).max()
        assert error < 1e-4 or not o.same, f"{o.name}: PyTorch differs by {error}"
        runs[f"PyTorch {k}"] = peer
    times = alternate(runs, rounds)
    ours, limit = times["numbanet"], times["peak"]
    shares = theirs = ["", ""]
    ratios = ["", ""]
    if o.unit == "GFLOP/s":
        rates = (o.work / ours.median, peak.flops / limit.median), (o.work / ours.best, peak.flops / limit.best)
        shares = [f"{rate / most:.1%}" for rate, most in rates]
    peers = [t for name, t in times.items() if name.startswith("PyTorch")]
    if peers:
        t = min(peers, key=lambda t: t.median)
        theirs = [f"{o.work / t.median / 1e3:.1f}", f"{o.work / t.best / 1e3:.1f}"]
        ratios = [f"{t.median / ours.median:.2f}", f"{t.best / ours.best:.2f}"]
    mine = [f"{o.work / ours.median / 1e3:.1f}", f"{o.work / ours.best / 1e3:.1f}"]
    return [o.name, str(nn.get_num_threads()), o.unit, *mine, *shares, *theirs, *ratios]


def line(cells: list[str] | tuple[str, ...]) -> str:
    """Cells for those who wait for the table."""
    rest = [cell.rjust(width) for cell, width in zip(cells[1:], WIDTHS[1:], strict=True)]
    return "  ".join([cells[0].ljust(WIDTHS[0]), *rest])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="kernels whose names hold these words, such as 'dense 1024'")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--no-torch", action="store_true", help="numbanet alone")
    parser.add_argument("--write", action="store_true", help="replace the section in bench/RESULTS.md")
    options = parser.parse_args()
    rows = []
    print(line(HEAD))
    for o in operations(options.only):
        for threads in options.threads:
            nn.set_num_threads(threads)
            if not options.no_torch:
                import torch

                torch.set_num_threads(threads)
            rows.append(measure(o, options.rounds, not options.no_torch))
            print(line(rows[-1]), flush=True)
    if options.write:
        processor = os.environ.get("NUMBA_CPU_NAME")
        title = f"Kernels, compiled for {processor}" if processor else "Kernels"
        report.write_section(title, report.prose(__doc__), report.table(HEAD, rows))


if __name__ == "__main__":
    main()
