"""Times on a GPU: stretches of many runs, of things that take turns; each stretch ends when all of it is done."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from .machine import Machine

STRETCH = 0.02  # seconds
ROUNDS = 9
GRAPH = 500.0  # microseconds of work in a graph: what starts it takes a hundredth of that
MOST = 50  # repetitions in a graph
WARM = 0.3  # seconds of work before the first time is taken: a GPU that rests is slow

Run = Callable[[], object]


def _seconds(machine: Machine, run: Run, count: int) -> float:
    machine.synchronize()
    start = time.perf_counter()
    for _ in range(count):
        run()
    machine.synchronize()
    return time.perf_counter() - start


def medians(machine: Machine, runs: dict[str, Run]) -> dict[str, float]:
    """Microseconds of a run of each."""
    if machine.quick:
        return {name: _seconds(machine, run, 1) * 1e6 for name, run in runs.items()}
    _warm(machine, next(iter(runs.values())))
    counts = {}
    for name, run in runs.items():
        _seconds(machine, run, 3)  # what compiles or chooses an algorithm does so now
        counts[name] = max(1, int(STRETCH / _seconds(machine, run, 1)))
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            times[name].append(_seconds(machine, run, counts[name]) / counts[name] * 1e6)
    return {name: statistics.median(values) for name, values in times.items()}


def _warm(machine: Machine, run: Run) -> None:
    """Once in a process."""
    if not machine.warm:
        machine.warm, start = True, time.perf_counter()
        while time.perf_counter() - start < WARM:
            _seconds(machine, run, 1)


def kernel_times(machine: Machine, bound: list[Any], peers: dict[str, Run]) -> dict[str, Any]:
    """Microseconds of numbanet's launches and of PyTorch's calls, each repeated within a CUDA graph.

    "note": what PyTorch could not do.
    """
    note = {}
    device = machine.device()
    count = 1
    if not machine.quick:
        single = device.executor(bound, None)
        _seconds(machine, single.run, 3)
        once = min(_seconds(machine, single.run, 1) for _ in range(3)) * 1e6
        count = min(MOST, max(1, int(GRAPH / once)))
    runs: dict[str, Run] = {"numbanet": device.executor(bound * count, None).run}
    for name, peer in peers.items():
        try:
            runs[name] = captured(machine, peer, count)
        except Exception as error:
            note["note"] = f"{name}: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return {name: time / count for name, time in medians(machine, runs).items()} | note


def captured(machine: Machine, call: Run, count: int = 1) -> Run:
    """PyTorch's calls as a CUDA graph."""
    torch, beside = machine.torch, machine.beside
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=beside):
        for _ in range(count):
            call()
    return graph.replay
