"""Training steps of the same networks with numbanet, PyTorch, JAX and scikit-learn: python bench/compare.py

The same initial weights, batch, Adam, float32 and threads; the losses of the first step agree to 1e-4 (but for
scikit-learn, which draws weights of its own). The libraries and the measurement of the machine's limit take turns in
one process for each number of threads. PyTorch is eager, with fused Adam and the faster of its two memory formats;
JAX is one jitted function with donated buffers.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import report
from step_times import PEERS, Row

LIBRARIES = "numbanet", *PEERS.values()
HEAD = (
    "network, microseconds a step",
    "threads",
    *LIBRARIES,
    "best peer / numbanet",
    "of bests",
    "GFLOP/s",
    "of peak",
    "scaling",
)
NOTE = (
    'Medians of stretches of 5 ms; "of bests" is the ratio of the fastest stretches. FLOPs are those of the matrix '
    "products and convolutions: two for each multiply-add of the forward pass, the weights' gradients and, but for the "
    'first layer, the inputs\' gradients; those with padding count, as is usual. "of peak": of the limit of '
    "bench/roofs.py, measured in the same rounds. Scaling: the time on one thread over this one."
)


@contextlib.contextmanager
def processors(count: int) -> Iterator[None]:
    """Processes started inside may run on `count` processors, where the system can say so."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def rows(threads: int, arguments: list[str]) -> Iterator[Row]:
    """Measured in a fresh process, each as it is ready."""
    worker = Path(__file__).with_name("step_times.py")
    command = [sys.executable, str(worker), "--threads", str(threads), *arguments]
    with processors(threads):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with process:
        for line in process.stdout:
            yield Row(**json.loads(line))
    if process.returncode:
        raise SystemExit(process.returncode)


def ratio(times: dict[str, float]) -> float:
    """The fastest peer's time over numbanet's; NaN without a peer."""
    return min((t for library, t in times.items() if library != "numbanet"), default=float("nan")) / times["numbanet"]


def cells(row: Row, single: Row | None) -> list[str]:
    """A line of the table; `single` is the row on one thread, where there is one."""
    ours = row.medians["numbanet"]
    return [
        row.workload,
        str(row.threads),
        *(f"{row.medians[library]:,.1f}" if library in row.medians else "" for library in LIBRARIES),
        f"{ratio(row.medians):.2f}",
        f"{ratio(row.bests):.2f}",
        f"{row.flops / ours / 1e3:.1f}",
        f"{row.flops / ours / row.peak:.0%}",
        f"{single.medians['numbanet'] / ours:.2f}" if single and row.threads > 1 else "",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="workloads whose names hold this")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--peers", default=",".join(PEERS), help="of torch,jax,sklearn; '' for none")
    parser.add_argument("--write", action="store_true", help="replace the section in bench/RESULTS.md")
    options = parser.parse_args()
    peers = [peer for peer in options.peers.split(",") if peer]
    for peer in [peer for peer in peers if not importlib.util.find_spec(peer)]:
        print(f"{PEERS[peer]} is not installed")
        peers.remove(peer)
    arguments = ["--only", options.only, "--rounds", str(options.rounds), "--peers", *peers]
    found: dict[tuple[str, int], Row] = {}
    for threads in options.threads:
        for row in rows(threads, arguments):
            found[row.workload, threads] = row
            line = "  ".join(f"{library} {t:,.1f}" for library, t in row.medians.items())
            print(f"{row.workload}, {threads} threads: {line}", flush=True)
    means = [
        f"Geometric mean of best peer / numbanet on {threads} threads: {statistics.geometric_mean(ratios):.2f}."
        for threads in options.threads
        if (ratios := [ratio(row.medians) for (_, t), row in found.items() if t == threads and len(row.medians) > 1])
    ]
    table = report.table(HEAD, [cells(row, found.get((name, 1))) for (name, _), row in found.items()])
    print(f"\n{table}\n\n" + "\n".join(means))
    if options.write:
        report.write_section("Training steps", report.prose(__doc__), NOTE, table, *means)


if __name__ == "__main__":
    main()
