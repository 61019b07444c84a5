"""The worker of compare.py: times the steps of workloads in a process of its own, a line of JSON for each.

A process of its own for each number of threads, because JAX takes its threads once, from the processors that the
process may run on: compare.py leaves it as many of them as there are threads.
"""

from __future__ import annotations

import argparse
import importlib
import json
from dataclasses import asdict, dataclass

import numpy as np
from peers import numbanet_step

from numbanet.bench.clock import alternate
from numbanet.bench.roofs import MultiplyAdds
from numbanet.bench.workloads import WORKLOADS, Workload
from numbanet.devices import get_device

PEERS = {"torch": "PyTorch", "jax": "JAX", "sklearn": "scikit-learn"}
TOLERANCE = 1e-4  # of the losses of the first step


@dataclass(frozen=True)
class Row:
    """Microseconds of a step, medians and bests by library, and what the machine could do meanwhile."""

    workload: str
    threads: int
    flops: float
    medians: dict[str, float]
    bests: dict[str, float]
    peak: float  # FLOPs a microsecond, median


def measure(workload: Workload, threads: int, rounds: int, peers: list[str]) -> Row:
    """A row of the table. The losses of the first step agree, but for scikit-learn's own initial weights."""
    x, y = workload.data()
    numbanet_step.set_threads(threads)
    ours, weights = numbanet_step.step(workload, x, y)
    runs = {"numbanet": ours}
    for peer in peers:
        module = importlib.import_module(f"peers.{peer}_step")
        module.set_threads(threads)
        runs |= {f"{PEERS[peer]} {k}": run for k, run in enumerate(module.steps(workload, x, y, weights))}
    losses = {name: run() for name, run in runs.items() if not name.startswith("scikit-learn")}
    assert np.ptp(list(losses.values())) < TOLERANCE, f"{workload.name}: first losses differ: {losses}"
    peak = MultiplyAdds(get_device("cpu"))
    times = alternate(runs | {"peak": peak.run}, rounds)
    limit = peak.flops / times.pop("peak").median
    faster: dict[str, str] = {}  # of a library's steps
    for name, t in times.items():
        library = name.split()[0]
        if library not in faster or t.median < times[faster[library]].median:
            faster[library] = name
    medians = {library: times[name].median for library, name in faster.items()}
    bests = {library: times[name].best for library, name in faster.items()}
    return Row(workload.name, threads, workload.flops, medians, bests, limit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--peers", nargs="*", default=list(PEERS))
    options = parser.parse_args()
    for workload in WORKLOADS:
        if options.only in workload.name:
            print(json.dumps(asdict(measure(workload, options.threads, options.rounds, options.peers))), flush=True)


if __name__ == "__main__":
    main()
