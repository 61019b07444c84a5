"""What users pass as data, as batches: arrays, memory-mapped arrays, and iterables of batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..checks import boolean, fail, fraction, positive_integer
from ..devices.arrays import DeviceArray
from ..errors import ArgumentError
from ..step import EVALUATE
from ..steps import Steps
from . import batches, door
from .batches import ArrayFeed, Batches, BatchFeed, Data, Feed, RowBatches
from .iterables import Rounds, Running, Sequence, Stream, StreamBatches, gives_batches, is_sequence
from .memory_mapped import MappedData

BATCH = 32  # samples, as in Keras
PREDICT_BATCH = 256  # enough rows for the register tile, few enough for the caches
VALIDATION = "fit: validation_data"  # what errors call it
Maker = Callable[[Steps, Batches, bool], Feed | None]
KINDS = "(x, y), (x, y, sample_weight) or (x, y, sample_weight, lengths)"


class Given:
    """Data as the method `owner` was given them: arrays, or where `stream` is set, an iterable of batches.

    steps: what fit calls steps_per_epoch and validation_steps, and evaluate steps.
    """

    def __init__(
        self,
        owner: str,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        lengths: Any = None,
        batch_size: int | None = None,
        steps: int | None = None,
    ) -> None:
        self.owner, self.x, self.y, self.sample_weight, self.lengths = owner, x, y, sample_weight, lengths
        self.batch_size = _size(owner, batch_size, BATCH if owner == "fit" else PREDICT_BATCH)
        self.stream: Stream | None = None
        _refuse_uncalled(owner, "x", x)
        # a list beside y is one of samples, unless it begins with a batch
        if gives_batches(x) and not (isinstance(x, list | tuple) and y is not None and not _begins_with_a_batch(x)):
            alone = {"y": y, "batch_size": batch_size, "sample_weight": sample_weight, "lengths": lengths}
            _refuse_beside_batches(owner, alone)
            self.stream = _stream(owner, x, steps)
            return
        _refuse_steps(owner, steps)
        if y is None:
            fail(owner, "y", f"the targets of x, unless x is an iterable of batches {KINDS}", y)

    def rows(self, steps: Steps) -> Data | MappedData:
        """The arrays, checked; those in files as far as that takes no reading."""
        mapped = door.memory_map(self.x) is not None or (door.memory_map(self.y) is not None and np.ndim(self.y) > 1)
        make = MappedData if mapped else batches.checked
        return make(self.owner, steps, self.x, self.y, self.sample_weight, self.lengths)

    def batches(self, steps: Steps, class_weight: Any = None) -> Batches:
        """The batches in their own order, checked as they come where they do not lie in memory."""
        if self.stream is None:
            return RowBatches(self.rows(steps), self.batch_size)

        def check(k: int, batch: Any) -> Data:
            owner = f"{self.owner}: batch {k}"
            parts = _parts(owner, batch)
            data = batches.checked(owner, steps, *parts)
            if class_weight is not None:
                data = data.weighted(door.class_weights(owner, class_weight, data.y))
            return _owned(data, parts[0])

        return StreamBatches(self.stream, check)


def example(x: Any) -> Any:
    """Samples to take the shape from: of an iterable those of the first batch, which comes again."""
    if isinstance(x, Given):
        if x.stream is not None:
            return _parts(f"{x.owner}: batch 0", x.stream.first())[0]
        x = x.x
    return x if door.memory_map(x) is None else x[:1]


@dataclass(frozen=True)
class Choice:
    """What fit makes of its data: `seed` of the shuffling and the split, and fit's arguments; checked."""

    seed: int
    shuffle: bool
    class_weight: Any
    validation_split: Any
    validation_data: Any
    validation_steps: Any = None

    def __post_init__(self) -> None:
        boolean("fit", "shuffle", self.shuffle)
        if fraction("fit", "validation_split", self.validation_split) and self.validation_data is not None:
            fail("fit", "validation_split", "0 where validation_data is given", self.validation_split)
        if self.validation_steps is not None and self.validation_data is None:
            fail("fit", "validation_steps", "None without validation_data", self.validation_steps)


def training(
    given: Given, steps: Steps, choice: Choice, epochs: int, guarded: bool, others: Maker = lambda *batches: None
) -> tuple[Feed, Batches | None]:
    """The steps of fit for so many epochs, and the batches of its validation, if any.

    others: makes the steps where other processes do their part of them. What does not fit is refused before anything
    is trained, as far as that takes no reading.
    """
    source: Batches
    held: Batches | None
    source, held = _of_stream(given, steps, choice) if given.stream else _of_rows(given, steps, choice)
    feed = others(steps, source, guarded)
    alone = feed is None
    if feed is None:
        feed = _feed(steps, source, guarded)
    _refuse_one_round(given, epochs)
    if choice.validation_data is not None:
        held = _validation(choice, steps, given.batch_size, epochs)
    if alone and isinstance(held, RowBatches):
        for n in batches.batch_sizes(held.samples, held.batch_size):
            steps.step(replace(EVALUATE, lengths=held.data.masked), n)
    return feed, held


def _feed(steps: Steps, source: Batches, guarded: bool) -> Feed:
    """The steps of a process that is alone."""
    if isinstance(source, RowBatches):
        steps.reserve(min(source.batch_size, source.samples))  # before the data take the room
        if isinstance(source.data, Data) and steps.network.device.holds(source.data.arrays):
            return ArrayFeed(steps, source.data, source.batch_size, source.seed, guarded)
    return BatchFeed(steps, source, guarded)


def _of_stream(given: Given, steps: Steps, choice: Choice) -> tuple[Batches, None]:
    _refuse_beside_batches("fit", {"validation_split": choice.validation_split or None})
    if isinstance(given.stream, Sequence) and choice.shuffle:
        given.stream.seed = choice.seed
    return given.batches(steps, choice.class_weight), None


def _of_rows(given: Given, steps: Steps, choice: Choice) -> tuple[RowBatches, RowBatches | None]:
    samples, factors, held = given.rows(steps), None, None
    if choice.class_weight is not None:
        if samples.y is None:
            raise ArgumentError(
                "fit: class_weight needs y in memory, or a label for each sample, which are read at once"
            )
        factors = door.class_weights("fit", choice.class_weight, samples.y)
    weighted = samples.weighted(factors)
    if choice.validation_split:
        kept, others = door.split_rows(len(samples), samples.labels, choice.validation_split, choice.seed)
        # class weights are of the training
        weighted, held = weighted.part(kept), RowBatches(samples.part(others), given.batch_size)
    return RowBatches(weighted, given.batch_size, choice.seed if choice.shuffle else None), held


def _validation(choice: Choice, steps: Steps, batch_size: int, epochs: int) -> Batches:
    """The batches of fit's validation_data."""
    owner, value = VALIDATION, choice.validation_data
    _refuse_uncalled("fit", "validation_data", value)
    in_batches = isinstance(value, tuple | list) and bool(value) and all(map(_is_batch, value))
    if isinstance(value, tuple | list) and not in_batches:
        if not 2 <= len(value) <= 4:
            fail("fit", "validation_data", f"{KINDS}, or an iterable of such batches", type(value))
        x, y, sample_weight, lengths = (*value, None, None)[:4]
        found = Given(owner, x, y, sample_weight, lengths, batch_size, choice.validation_steps)
    elif gives_batches(value):
        found = Given(owner, value, None, steps=choice.validation_steps)
        _refuse_one_round(found, epochs)
    else:
        fail("fit", "validation_data", f"{KINDS}, or an iterable of such batches", type(value))
    return found.batches(steps)


def inputs(steps: Steps, x: Any, batch_size: int | None, lengths: Any, limit: int | None) -> Batches:
    """The batches of predict. x: arrays, or an iterable of batches of x, or of tuples that begin with x."""
    network = steps.network
    size, axes = _size("predict", batch_size, PREDICT_BATCH), len(network.input_shape) + 1
    _refuse_uncalled("predict", "x", x)
    streamed = _first_is_batch(x, axes) if isinstance(x, list | tuple) else gives_batches(x)
    if not streamed:
        _refuse_steps("predict", limit)
        if door.memory_map(x) is not None:
            return RowBatches(MappedData("predict", steps, x, lengths=lengths), size)
        samples = batches.inputs("predict", network, x)
        return RowBatches(Data(samples, mask=batches.mask("predict", network, lengths, samples)), size)
    _refuse_beside_batches("predict", {"batch_size": batch_size, "lengths": lengths})

    def check(k: int, batch: Any) -> Data:
        with_more = isinstance(batch, tuple) or (isinstance(batch, list) and _first_is_batch(batch, axes))
        given = batch[0] if with_more else batch
        return _owned(Data(batches.inputs(f"predict: batch {k}", network, given)), given)

    return StreamBatches(_stream("predict", x, limit), check)


def _is_batch(value: Any) -> bool:
    """Whether it is x, y and so on of a batch; not an array of many, nor a list of numbers."""
    return isinstance(value, tuple | list) and 2 <= len(value) <= 4 and hasattr(value[0], "shape")


def _first_is_batch(x: Any, axes: int) -> bool:
    """Whether a list begins with an array of samples of so many axes, or with a tuple or list that begins with one."""
    first = x[0] if len(x) else None
    if isinstance(first, tuple | list) and first:
        first = first[0]
    return len(getattr(first, "shape", ())) == axes


def _begins_with_a_batch(x: Any) -> bool:
    """Whether a list begins with arrays that do not make one array together, as those of a batch."""
    first = x[0] if len(x) else None
    if not isinstance(first, tuple | list) or not any(hasattr(part, "shape") for part in first):
        return False
    try:
        np.asarray(first)
    except (ValueError, TypeError):
        return True
    return False


def _stream(owner: str, x: Any, steps: int | None) -> Stream:
    if steps is not None:
        steps = positive_integer(owner, _steps_name(owner), steps)
    if is_sequence(x):
        _refuse_steps(owner, steps)
        return Sequence(owner, x)
    return Rounds(owner, x) if steps is None else Running(owner, x, steps)


def _size(owner: str, batch_size: int | None, default: int) -> int:
    return default if batch_size is None else positive_integer(owner, "batch_size", batch_size)


def _steps_name(owner: str) -> str:
    return {"fit": "steps_per_epoch", VALIDATION: "validation_steps"}.get(owner, "steps")


def _refuse_uncalled(owner: str, argument: str, value: Any) -> None:
    """Raises ArgumentError for a function or a class in place of what a call of it returns."""
    is_data = gives_batches(value) or hasattr(value, "__array__")
    if isinstance(value, type) or (callable(value) and not is_data):
        fail(owner, argument, "arrays or an iterable of batches, not what makes them: call it", value)


def _refuse_steps(owner: str, steps: int | None) -> None:
    """Raises ArgumentError where the data themselves say how many batches there are."""
    if steps is not None:
        fail(owner, _steps_name(owner), "None unless x is an iterable without a length: all of x is taken", steps)


def _refuse_beside_batches(owner: str, given: Mapping[str, Any]) -> None:
    """Raises ArgumentError for what comes with the batches themselves."""
    for name, value in given.items():
        if value is not None:
            raise ArgumentError(
                f"{owner}: {name} goes with arrays. Received: {name} beside an iterable, whose batches come as they "
                f"are, each {KINDS}. Leave {name} out."
            )


def _refuse_one_round(given: Given, epochs: int) -> None:
    """Raises ArgumentError where an iterator would have to begin anew for the next epoch."""
    if type(given.stream) is Rounds and isinstance(given.x, Iterator) and epochs > 1:
        remedy = " Say with steps_per_epoch how many batches an epoch has, or give" if given.owner == "fit" else " Give"
        raise ArgumentError(
            f"{given.owner}: expected what can be gone over in each of {epochs} epochs. Received: an iterator, which "
            f"ends after the first.{remedy} a list, or an object whose __iter__ begins anew."
        )


def _parts(owner: str, batch: Any) -> tuple[Any, ...]:
    """x, y and what else a batch has."""
    if not isinstance(batch, tuple | list) or not 2 <= len(batch) <= 4:
        received = f"{len(batch)} of them" if isinstance(batch, tuple | list) else type(batch).__name__
        raise ArgumentError(f"{owner}: expected {KINDS}. Received: {received}")
    return tuple(batch)


def _owned(data: Data, given: Any) -> Data:
    """The same in memory of its own: who makes batches may use their arrays again for the next one."""
    if isinstance(data.x, DeviceArray):
        owned = replace(data, x=data.x.copy(), y=data.y.copy() if isinstance(data.y, DeviceArray) else data.y)
        data.x.device.driver.synchronize()  # the copies are made before the next batch is asked for
        return owned
    if data.x is given or data.x.base is not None:
        return replace(data, x=np.array(data.x))
    return data
