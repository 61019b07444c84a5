"""The data of a training, checked, and the steps that take their batches from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from .. import random
from ..devices.arrays import DeviceArray
from ..network import Network
from ..step import FIT, Source, Step
from ..steps import Steps
from . import door
from .prefetch import leaves_a_core, prefetched


@dataclass(frozen=True)
class Data:
    """Checked samples, targets, sample weights (None: all one), and which steps of sequences count (None: all).

    y None: there are no targets, as for predictions.
    """

    x: Any
    y: Any = None
    weights: Any | None = None
    mask: Any | None = None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def masked(self) -> bool:
        """Whether a mask says which steps of the sequences count."""
        return self.mask is not None

    @property
    def arrays(self) -> list[Any]:
        """Those that there are."""
        return [a for a in (self.x, self.y, self.weights, self.mask) if a is not None]

    @property
    def labels(self) -> Any | None:
        """The class of each sample, where the targets have classes."""
        return door.class_labels(self.y)

    def rows(self, chosen: Any) -> Data:
        """Those rows of everything: views for a slice, else copies."""
        parts = (self.x, self.y, self.weights, self.mask)
        return Data(*(None if a is None else _rows(a, chosen) for a in parts))

    def part(self, chosen: Any) -> Data:
        """Those rows, to take batches from."""
        return self.rows(chosen)

    def weighted(self, factors: Any | None) -> Data:
        """The same, each sample's weight times its factor."""
        if factors is None:
            return self
        factors = factors.astype(self.x.dtype)[:, None]
        return replace(self, weights=factors if self.weights is None else self.weights * factors)

    def put(self, step: Step) -> None:
        """Copy this batch into the arrays of a step for as many samples."""
        step.x[...] = self.x
        if self.y is not None:
            step.targets[...] = self.y
        if self.mask is not None:
            step.mask[...] = self.mask
        step.weights[...] = 1 if self.weights is None else self.weights.reshape(-1)


def _rows(a: Any, chosen: Any) -> Any:
    """Those rows, of an array on the host or on a GPU."""
    return a.device.rows(a, chosen) if isinstance(a, DeviceArray) else a[chosen]


def first_layer(network: Network) -> str:
    """What errors call the layer that takes the samples."""
    first = network.layers[0]
    return f"{type(first).__name__} (layer 0, {first.name!r})"


def inputs(method: str, network: Network, x: Any) -> Any:
    """Samples for the network, checked; the error names its first layer."""
    x = network.device.adopt(method, "x", x)
    return door.inputs(method, x, network.input_shape, network.dtype, first_layer(network), network.index_limit)


def mask(method: str, network: Network, lengths: Any, x: Any) -> Any | None:
    """The mask of the checked sequences x; None without lengths."""
    given = door.sequence_lengths(method, lengths, x.shape, network)
    return None if given is None else door.mask(given, x.shape[1], network.dtype)


def checked(method: str, steps: Steps, x: Any, y: Any, sample_weight: Any = None, lengths: Any = None) -> Data:
    """Samples and targets for the steps' network and loss. Raises ShapeError, DtypeError, DataError, ArgumentError."""
    network = steps.network
    x, y = inputs(method, network, x), network.device.adopt(method, "y", y)
    y = door.targets(method, y, steps.loss, network.output_shape, network.dtype, len(x))
    weights = door.sample_weights(method, sample_weight, len(x), steps.rows, network.dtype)
    return Data(x, y, weights, mask(method, network, lengths, x))


class Batches(Protocol):
    """Batches of checked data, an epoch at a time."""

    @property
    def samples(self) -> int | None:
        """Of an epoch, as far as that is known."""

    @property
    def batches(self) -> int | None:
        """Of an epoch, as far as that is known."""

    def epoch(self, order: int = 0, first: int = 0, done: int = 0) -> Generator[Data, None, None]:
        """The batches of an epoch from batch `first` on; close it where not all of them are taken.

        order: which shuffling. done: the epochs of this training before it.
        """

    @property
    def description(self) -> dict[str, Any]:
        """What must be the same where training goes on in the middle of an epoch; JSON values."""


class Rows(Protocol):
    """Samples to take batches from: Data, or what reads them when they are needed."""

    @property
    def masked(self) -> bool:
        """Whether lengths say which steps of the sequences count."""

    def __len__(self) -> int: ...

    def rows(self, chosen: Any) -> Data:
        """Those rows of everything, checked."""


class RowBatches:
    """Batches of the rows of `data`, made ahead in a thread where they lie in files and kernels leave a core for it.

    seed: of the shuffling; None is the order of the rows.
    """

    def __init__(self, data: Rows, batch_size: int, seed: int | None = None) -> None:
        self.data, self.batch_size, self.seed, self.samples = data, batch_size, seed, len(data)
        self.batches = math.ceil(self.samples / batch_size)

    def epoch(self, order: int = 0, first: int = 0, done: int = 0) -> Generator[Data, None, None]:
        """The batches of an epoch, as in Batches."""
        return self.parts(order, first, slice)

    def parts(self, order: int, first: int, part: Callable[[int, int], slice]) -> Generator[Data, None, None]:
        """Of each batch, given as its first row and the one behind its last, the rows of `part`."""
        rows = None if self.seed is None else _shuffled(self.samples, self.seed, order)
        starts = range(first * self.batch_size, self.samples, self.batch_size)
        places = (part(start, min(start + self.batch_size, self.samples)) for start in starts)
        batches = (self.data.rows(place if rows is None else rows[place]) for place in places)
        return batches if isinstance(self.data, Data) or not leaves_a_core() else prefetched(batches)

    @property
    def description(self) -> dict[str, Any]:
        """The same wherever the data lie, because they lead to the same bits."""
        return {"samples": self.samples, "batch_size": self.batch_size, "shuffle": self.seed is not None}


def _shuffled(samples: int, seed: int, order: int) -> Any:
    """The row numbers of an epoch."""
    return random.permutation(samples, seed, random.SHUFFLE, order)


@dataclass(frozen=True)
class Batch:
    """A step, and the batch that is put into it right before it runs; None where the step takes it by itself."""

    step: Step
    data: Data | None = None

    def __len__(self) -> int:
        return len(self.step.x)

    def run(self, wait: bool = True) -> None:
        """Raises NonFiniteError, as Step.run."""
        if self.data is None:
            self.step.run(wait)
            return
        self.step.settle(self.step.program, wait=False)  # while its batch is still there to be looked at
        self.data.put(self.step)
        try:
            self.step.run(wait)
        finally:
            if self.data.weights is not None:
                self.step.weights[...] = 1  # as other steps, which share the array, expect it

    def settle(self) -> None:
        """Raises NonFiniteError where a run without waiting came to it."""
        self.step.settle(self.step.program)


class Feed(Protocol):
    """Where the steps of an epoch come from: as Batches, but each batch with its step."""

    @property
    def samples(self) -> int | None:
        """Of an epoch, as far as that is known."""

    @property
    def batches(self) -> int | None:
        """Of an epoch, as far as that is known."""

    def epoch(self, order: int, first: int, done: int) -> Generator[Batch, None, None]:
        """The steps of an epoch, as in Batches."""

    @property
    def description(self) -> dict[str, Any]:
        """As in Batches."""


class ArrayFeed:
    """Batches of whole arrays: each step takes the rows of its batch by itself.

    seed: of the shuffling; None is the order of the arrays.
    """

    def __init__(self, steps: Steps, data: Data, batch_size: int, seed: int | None, guarded: bool) -> None:
        rows = RowBatches(data, batch_size, seed)
        self.samples, self.batches, self.description = rows.samples, rows.batches, rows.description
        self._batch_size, self._seed = batch_size, seed
        take = steps.network.device.take
        x, y, weights, mask = (None if a is None else take(a) for a in (data.x, data.y, data.weights, data.mask))
        self._order, self._first = (steps.network.device.zeros((size,), np.int64) for size in (self.samples, 1))
        source = Source(x, y, weights, mask, self._order, self._first)
        mode = replace(FIT, lengths=data.masked, guarded=guarded)
        sizes = sorted(batch_sizes(self.samples, batch_size), reverse=True)
        self._recorded = {n: Batch(steps.record(mode, n, source)) for n in sizes}

    def epoch(self, order: int, first: int, done: int) -> Generator[Batch, None, None]:
        """The steps of an epoch, as in Batches."""
        self._order[...] = np.arange(self.samples) if self._seed is None else _shuffled(self.samples, self._seed, order)
        self._first[...] = first * self._batch_size
        for start in range(first * self._batch_size, self.samples, self._batch_size):
            yield self._recorded[min(self._batch_size, self.samples - start)]


class BatchFeed:
    """Batches that are copied into the steps. Steps are recorded as their sizes come."""

    def __init__(self, steps: Steps, source: Batches, guarded: bool) -> None:
        self._steps, self._source, self._guarded = steps, source, guarded
        self.samples, self.batches, self.description = source.samples, source.batches, source.description

    def epoch(self, order: int, first: int, done: int) -> Generator[Batch, None, None]:
        """The steps of an epoch, as in Batches."""
        with closing(self._source.epoch(order, first, done)) as batches:
            for data in batches:
                mode = replace(FIT, lengths=data.masked, guarded=self._guarded)
                yield Batch(self._steps.step(mode, len(data)), data)


def batch_sizes(samples: int, batch_size: int) -> set[int]:
    """The batch sizes that occur: whole batches, and a short last one."""
    return {min(samples, batch_size)} | ({samples % batch_size} - {0} if samples > batch_size else set())
