"""Loss, metrics and outputs of a model over data, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np

from .data import door, feeds
from .data.batches import Data, inputs
from .step import EVALUATE, PREDICT
from .steps import Steps


def evaluate(
    steps: Steps, batches: Generator[Data, None, None], between: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Loss and metrics over the batches, without training; those of an epoch that a callback stands in are kept.

    between: called after each batch.
    """
    before = [np.array(total) for total in steps.totals]
    try:
        steps.reset()
        with closing(batches):
            for batch in batches:
                step = steps.step(replace(EVALUATE, lengths=batch.masked), len(batch))
                batch.put(step)
                step.run()
                between()
        return steps.results()
    finally:
        steps.restore_weights()
        for total, kept in zip(steps.totals, before, strict=True):
            total[...] = kept


def predict(steps: Steps, x: Any, batch_size: int | None, lengths: Any, limit: int | None) -> Any:
    """The model's output for x, as one new array. limit: batches of an iterable."""
    plain = batch_size is lengths is limit is None and steps.takes(x) and len(x) <= feeds.PREDICT_BATCH
    if plain and door.memory_map(x) is None:  # the common case, where time counts: one batch
        step = steps.step(PREDICT, len(x))
        step.x[...] = inputs("predict", steps.network, x)
        step.run()
        return np.array(step.y)
    data = feeds.inputs(steps, x, batch_size, lengths, limit)
    return _predict(steps, data.epoch(), data.samples)


def _predict(steps: Steps, batches: Generator[Data, None, None], samples: int | None) -> Any:
    """The model's output for all batches, as one new array. samples: of all batches, where that is known."""
    shape, dtype = steps.network.output_shape, steps.network.dtype
    result = None if samples is None else np.empty((samples, *shape), dtype)
    done, parts = 0, []
    with closing(batches):
        for batch in batches:
            step = steps.step(replace(PREDICT, lengths=True) if batch.masked else PREDICT, len(batch))
            step.x[...] = batch.x
            if batch.mask is not None:
                step.mask[...] = batch.mask
            step.run()
            if result is None:
                parts.append(np.array(step.y))
            else:
                result[done : done + len(batch)] = step.y
                done += len(batch)
    return np.concatenate(parts) if result is None else result
