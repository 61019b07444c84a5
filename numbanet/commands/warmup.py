"""`numbanet warmup [MODEL]`: compile now, in several processes, what the first run of a model would compile."""

from __future__ import annotations

import argparse
import time
from collections import defaultdict

import numpy as np

from ..kernels._cache import store
from ..kernels.fill.cpu import constant
from ..model import Sequential
from ..network import Network
from ..step import EVALUATE, FIT, PREDICT
from ..steps import Steps
from . import compiling
from .compiling import Done, Job
from .proof.sizes import small_cases
from .summary import model_from
from .uncompiled import Listing

BATCH = 4  # samples: kernels are the same for any number
LARGE = 1 << 22  # numbers to write


def run(options: argparse.Namespace) -> None:
    """Compile, and say what was compiled and how long it took."""
    start = time.perf_counter()
    model = None if options.model is None else model_from(options.model)
    jobs = _of_layers() if model is None else of_model(model)
    count = len({one.kinds for one in jobs})
    print(f"{count} kernels for {model.name if model else 'all layers, in float32'}", flush=True)
    lines = _Lines()
    compiling.compile_all(jobs, options.processes, lines.take)
    lines.finish()
    before = store.compiled
    _run_in_parallel()
    if model is not None:
        run_once(model)
    compiled = lines.compiled + store.compiled - before  # those of the data's way to the model
    print(f"{compiled} compiled, the others were there; {time.perf_counter() - start:.1f} s")


def _of_layers() -> list[Job]:
    return [one for name in compiling.known(None) for one in compiling.of_cases(small_cases(name), "cpu", ["float32"])]


def of_model(model: Sequential) -> list[Job]:
    """The kernels of a model's steps: prediction, and where it was compiled, training and evaluation."""
    network, listing = model._built("warmup"), Listing()
    twin = Network(network.layers, network.input_shape, listing, network.dtype, network.seed, network.parameters.views)
    steps = Steps(twin, model.loss, list(model._steps.metrics) if model._steps else (), model.optimizer)
    for mode in (PREDICT, EVALUATE, FIT) if model.loss else (PREDICT,):
        steps.step(mode, BATCH)
    door = compiling.of_cases(small_cases("check"), "cpu", [network.dtype.name])  # for data of some size
    return compiling.of_listing(listing) + door


def _run_in_parallel() -> None:
    """Start threads, which takes machine code of its own, by work that is enough for several."""
    constant(0.0, np.empty(LARGE, np.float32))


def run_once(model: Sequential) -> None:
    """Take the way of a small batch through the model, which loads what was compiled and compiles what is left."""
    network = model._built("warmup")
    x = np.zeros((BATCH, *network.input_shape), network.dtype)
    model.predict(x)
    steps = model._steps
    if model.loss is None or steps is None:
        return
    y = np.zeros((BATCH, *steps.target_shape), steps.target_dtype)
    if not model.loss.integer_targets:
        y[..., 0] = 1  # a class for each sample, where these are probabilities
    if network.trained:
        model.fit(x, y, epochs=1, verbose=0, validation_data=(x, y))
    model.evaluate(x, y)


class _Lines:
    """A line for each operation, when all of its kernels are there."""

    def __init__(self) -> None:
        self.compiled = 0
        self._found: dict[str, list[Done]] = defaultdict(list)

    def take(self, done: Done) -> None:
        self.compiled += done.compiled
        self._found[done.job.operation].append(done)

    def finish(self) -> None:
        width = max(map(len, self._found), default=0)
        for name, jobs in sorted(self._found.items()):
            new = [one for one in jobs if one.compiled]
            names = ", ".join(sorted({one.job.function for one in jobs}))
            spent = f"{sum(one.seconds for one in new):5.1f} s" if new else "there"
            print(f"  {name:{width}}  {len(jobs):3}  {spent:>7}  {names}", flush=True)
