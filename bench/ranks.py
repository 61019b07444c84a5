"""Training on one rank and on two, each with one thread: python bench/ranks.py --write

Times of a step of `DataParallel.fit` on the same batch, medians over the steps of a job, and of those over jobs that
take turns: mpiexec starts one rank, then two. "alone" is the model's own fit on one thread, without shards. "at the
end" sends the gradient behind the backward pass instead of block by block while it goes on; between two ranks of one
machine there is nothing to win, because it is their processors that copy. So the two last columns have the same two
ways with a link of 10 Gbit/s that is only pretended (bench/slow_link.py). "exchange" is the gradient's way between two
ranks that do nothing else, and "GB/s" what each of them sends in that time.

--plan prints what a step would take on 8 to 1,024 ranks, by numbanet/distributed/plan.py. On a machine that is busy
with other things two ranks wait for the slower one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import report
from slow_link import SlowRanks

import numbanet as nn
from numbanet.bench.workloads import WORKLOADS, build
from numbanet.distributed import DataParallel, plan
from numbanet.distributed.launch import join
from numbanet.distributed.tree import Cut

NETWORKS = "cnn-batchnorm", "cnn", "mlp-512", "lstm"
BATCHES = 8  # of an epoch
WARM = 2  # epochs before those that are timed
GIGABITS = 10.0
BLOCKS = 2**20  # bytes
HEAD = ["network, microseconds a step", "alone", "1 rank", "2 ranks", "scaling", "alone / 2 ranks", "at the end"]
HEAD += ["update", "MiB", "exchange", "GB/s", "10 Gbit/s", "at the end"]


class Clock(nn.callbacks.Callback):
    """The seconds of each step but the first of an epoch, which waits for what is between epochs."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._last = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        now = time.perf_counter()
        if batch:
            self.seconds.append(now - self._last)
        self._last = now


def parallel(workload: Any, block_bytes: int | None, gigabits: float | None = None) -> DataParallel:
    """The network on all ranks, with a pretended link if any."""
    model = DataParallel(build(workload), block_bytes=block_bytes)
    if gigabits is not None:
        model._team = SlowRanks(model._team, gigabits)
    return model


def step_times(key: str, seconds: float) -> dict[str, float]:
    """Microseconds of a step by the way of training, which take turns by epochs; in each rank alike."""
    workload = next(w for w in WORKLOADS if w.key == key)
    data = [workload.data(number) for number in range(BATCHES)]
    x, y = (np.concatenate(arrays) for arrays in zip(*data, strict=True))
    ways: dict[str, Any] = {"blocks": parallel(workload, BLOCKS)}
    if join().size == 1:
        ways["alone"] = build(workload)
    else:
        ways["end"] = parallel(workload, None)
        ways["link"] = parallel(workload, BLOCKS, GIGABITS)
        ways["link, end"] = parallel(workload, None, GIGABITS)
    clocks = {name: Clock() for name in ways}
    start, epoch = time.perf_counter(), 0
    while join().gather(time.perf_counter() - start < seconds)[0] or epoch <= WARM:
        for name, model in ways.items():
            clock = clocks[name] if epoch >= WARM else Clock()
            model.fit(x, y, batch_size=workload.batch, epochs=1, verbose=0, callbacks=[clock])
        epoch += 1
    found = {name: 1e6 * statistics.median(clock.seconds) for name, clock in clocks.items()}
    model = ways["blocks"].model
    gradient, update = model._network.gradients.buffer, model._steps.update_program(True)
    seconds_of = {"update": update.run, "exchange": exchanged(np.zeros_like(gradient))}
    return found | {"bytes": gradient.nbytes} | {name: 1e6 * median(run) for name, run in seconds_of.items()}


def exchanged(gradient: Any) -> Callable[[], None]:
    """Sends a gradient from all ranks to all."""
    team = join()
    exchange = team.exchange(Cut(8, team.size, team.rank))

    def run() -> None:
        exchange.start([gradient], None)
        exchange.finish()

    return run


def median(run: Callable[[], None], turns: int = 30) -> float:
    """Seconds, where all ranks begin at once."""
    seconds = []
    for _ in range(turns):
        join().gather(None)
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def job(ranks: int, keys: list[str], seconds: float) -> dict[str, dict[str, float]]:
    """The step times of networks on so many ranks, in processes of their own."""
    mpiexec = Path(sys.executable).with_name("mpiexec")
    same = [sys.executable, "-m", "mpi4py", __file__, "--job", str(seconds), "--networks", *keys]
    command = [str(mpiexec) if mpiexec.exists() else "mpiexec", "-n", str(ranks), *same]
    environment = os.environ | {"NUMBA_NUM_THREADS": "1"}
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
    found: dict[str, dict[str, float]] = json.loads(output.splitlines()[-1])
    return found


def measured(keys: list[str], rounds: int, seconds: float) -> dict[tuple[int, str, str], float]:
    """Medians by ranks, network and way."""
    found: dict[tuple[int, str, str], list[float]] = {}
    for _ in range(rounds):
        for ranks in (1, 2):
            for key, ways in job(ranks, keys, seconds).items():
                for way, value in ways.items():
                    found.setdefault((ranks, key, way), []).append(value)
    return {place: statistics.median(values) for place, values in found.items()}


def row(key: str, times: dict[tuple[int, str, str], float]) -> list[str]:
    """What was measured of a network."""
    alone, one, update = (times[1, key, way] for way in ("alone", "blocks", "update"))
    two, end, link, link_end = (times[2, key, way] for way in ("blocks", "end", "link", "link, end"))
    size, exchange = times[2, key, "bytes"], times[2, key, "exchange"]
    # of two ranks each sends half of its gradient, and then its half of the sum
    sent = [f"{size / 2**20:.2f}", f"{exchange:,.0f}", f"{size / exchange / 1e3:.1f}"]
    steps = [f"{alone:,.0f}", f"{one:,.0f}", f"{two:,.0f}", f"{one / two:.2f}", f"{alone / two:.2f}", f"{end:,.0f}"]
    name = next(w.name for w in WORKLOADS if w.key == key)
    return [name, *steps, f"{update:,.0f}", *sent, f"{link:,.0f}", f"{link_end:,.0f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=[w.key for w in WORKLOADS])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each network in each job")
    parser.add_argument("--job", type=float, help="be one rank of a job, for so many seconds each")
    parser.add_argument("--plan", action="store_true", help="print what more ranks would take, and end")
    parser.add_argument("--write", action="store_true", help="replace the section in bench/RESULTS.md")
    options = parser.parse_args()
    if options.plan:
        head, *rows = plan.rows()
        print(report.table(head, rows))
        return
    if options.job is not None:
        found = {key: step_times(key, options.job) for key in options.networks}
        if join().leads:
            print(json.dumps(found))
        return
    times = measured(options.networks, options.rounds, options.seconds)
    text = report.table(HEAD, [row(key, times) for key in options.networks])
    print(text)
    if options.write:
        report.write_section("Ranks", report.prose(__doc__), text)


if __name__ == "__main__":
    main()
