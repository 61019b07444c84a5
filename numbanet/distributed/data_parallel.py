"""DataParallel: a model that several processes train together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from ..callbacks import History
from ..checks import fail, positive_integer
from ..data.batches import Batches
from ..errors import ArgumentError, DeviceError, StateError
from ..model import Sequential
from ..steps import Steps
from ..training import Alone, Plan
from .agreement import expect_alike, of_source, of_weights
from .feed import ShardedFeed, parts
from .judging import evaluate
from .launch import join
from .shards import ShardedStep
from .training import SharedTraining
from .tree import Cut

MOST_SHARDS = 2**16


class DataParallel:
    """A compiled Sequential, trained by all the processes that mpiexec started: `mpiexec -n 4 python -m mpi4py job.py`.

    Every process, a rank, runs the same program with the same model and data. Each batch is cut into `shards` parts;
    a rank computes the gradients of its own, and all of them add up to one along a fixed tree, so the weights have the
    same bits on 1 rank, on `shards` of them, and on any number in between. fit, evaluate and predict take the model's
    own arguments and return the same on all ranks; the first rank writes files and prints. Everything else is the
    model's: `parallel.summary()`.

    shards: a power of two, the most ranks there can be. Another number gives other bits: sums are rounded otherwise,
        dropout draws other masks, and BatchNormalization has the statistics of each shard, as in PyTorch's
        DistributedDataParallel; what a shard moves the running ones by is averaged.
    block_bytes: of the gradient, about so much is sent at once, while the backward pass of the layers below goes on.
        None sends all of it behind the backward pass.

    An error of one rank ends all of them, and is shown. NaN and infinity raise NonFiniteError on every rank. Raises
    ArgumentError, MissingDependency without mpi4py where mpiexec started this, and in fit StateError where ranks do
    not have the same model, data and arguments, and DeviceError for a model that is not on the CPU.
    """

    def __init__(self, model: Sequential, shards: int = 8, block_bytes: int | None = 2**20) -> None:
        if not isinstance(model, Sequential):
            fail("DataParallel", "model", "a Sequential", model)
        shards = positive_integer("DataParallel", "shards", shards)
        if shards & (shards - 1) or shards > MOST_SHARDS:
            fail("DataParallel", "shards", f"a power of two up to {MOST_SHARDS}", shards)
        if block_bytes is not None:
            block_bytes = positive_integer("DataParallel", "block_bytes", block_bytes)
        self._block_bytes = block_bytes
        self.model = model
        self._team = join()
        if self._team.size > shards:
            raise ArgumentError(
                f"DataParallel: expected at most as many ranks as shards, {shards}. Received: {self._team.size} ranks. "
                "Give more shards, a power of two; they decide the bits, the ranks do not."
            )
        self._cut = Cut(shards, self._team.size, self._team.rank)

    @property
    def rank(self) -> int:
        """Which of the processes this is; the first is 0."""
        return self._team.rank

    @property
    def size(self) -> int:
        """How many processes train the model."""
        return self._team.size

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "model":  # of this object itself, where it is not made yet
            raise AttributeError(name)
        return getattr(self.model, name)

    def __repr__(self) -> str:
        return f"DataParallel({self.model!r}, shards={self._cut.shards})"

    # --- the model's methods

    @wraps(Sequential.fit)
    def fit(self, *data: Any, **choices: Any) -> History:
        self._team.gather(None)  # the files that the first rank may have prepared are there
        with self._in_charge():
            return self.model.fit(*data, **choices)

    @wraps(Sequential.evaluate)
    def evaluate(self, *data: Any, **choices: Any) -> dict[str, Any]:
        with self._in_charge():
            return self.model.evaluate(*data, **choices)

    @wraps(Sequential.save)
    def save(self, path: str | os.PathLike[str]) -> None:
        self._on_first(lambda: self.model.save(path))

    @wraps(Sequential.save_checkpoint)
    def save_checkpoint(self, path: str | os.PathLike[str]) -> None:
        self._on_first(lambda: self.model.save_checkpoint(path))

    def _on_first(self, write: Callable[[], None]) -> None:
        """Write on the first rank; all return, or raise what it raised, once that is done."""
        problem: Exception | None = None
        if self._team.leads:
            try:
                write()
            except Exception as error:
                problem = error
        problem = self._team.gather(problem)[0]
        if problem is not None:
            raise problem

    @contextmanager
    def _in_charge(self) -> Iterator[None]:
        """Within, the model is trained and judged by all ranks."""
        before = self.model._runner
        self.model._runner = _Runner(self)
        try:
            yield
        finally:
            self.model._runner = before


class _Runner:
    """How ranks train and judge a model together, as numbanet.training.Runner."""

    def __init__(self, parallel: DataParallel) -> None:
        self._team, self._cut, self._block_bytes = parallel._team, parallel._cut, parallel._block_bytes

    def feed(self, steps: Steps, source: Batches, guarded: bool) -> ShardedFeed:
        """The batches in shards."""
        network = steps.network
        if network.device.name not in ("cpu", "reference"):
            raise DeviceError(f"DataParallel: expected a model on the CPU. Received: one on {network.device.name!r}")
        if states := network.states():
            raise StateError(
                f"DataParallel: expected layers that begin each batch anew, because its shards are computed apart. "
                f"Received: stateful=True in {', '.join(map(repr, states))}"
            )
        elements = None if self._block_bytes is None else max(1, self._block_bytes // network.dtype.itemsize)
        return ShardedFeed(ShardedStep(steps, self._team, self._cut, elements, guarded), source, self._team, self._cut)

    def training(self, model: Any, steps: Steps, feed: Any, validation: Batches | None, plan: Plan) -> SharedTraining:
        """One fit, in whose callbacks the model is that of one rank: what only the first one runs may evaluate, too."""
        model._runner = Alone()
        return SharedTraining(self._team, self._cut, model, steps, feed, validation, plan)

    def evaluate(self, steps: Steps, data: Batches) -> dict[str, Any]:
        """Loss and metrics over the data."""
        if self._team.size > 1:
            expect_alike(self._team, "evaluates", {"data": of_source(data), "weights": of_weights(steps)})
        return evaluate(steps, self._team, self._cut, parts(data, self._team, self._cut))
