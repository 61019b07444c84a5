"""What all ranks must have alike: hashes of it, and the error where they do not."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from ..config import plain
from ..data.batches import Batches, Data, RowBatches, Rows
from ..errors import StateError
from ..steps import Steps
from .team import Team

LOOKED_AT = 256  # rows of arrays, from the first to the last: other data show, and large files are not read for it


class RanksDiffer(StateError):
    """Ranks that do not have the same; raised by all of them."""


def expect_alike(team: Team, what: str, own: dict[str, Any]) -> None:
    """Raises RanksDiffer on all ranks where one has something else; of all."""
    for rank, other in enumerate(every := team.gather(own)):
        if other != every[0]:
            name = next(name for name in every[0] if other[name] != every[0][name])
            raise RanksDiffer(
                f"DataParallel: rank {rank} {what} with {name} {other[name]}, rank 0 with {every[0][name]}. All "
                "ranks need the same model, data, arguments and files, and callbacks that change them alike."
            )


def of_weights(steps: Steps) -> str:
    """A hash of all parameters, of the optimizer's arrays and of its learning rate."""
    arenas = [arena.buffer for arena in steps.moments.values()]
    return _hash([steps.network.parameters.buffer, *arenas], steps.optimizer and steps.optimizer.learning_rate)


def of_model(steps: Steps) -> dict[str, Any]:
    """The seed, and hashes of what the layers and the choices of compile say of themselves."""
    layers, chosen = steps.network.layers, [steps.optimizer, steps.loss, *steps.metrics]
    return {
        "seed": steps.network.seed,
        "layers": _described([[layer.trainable, layer] for layer in layers]),
        "choices of compile": _described(chosen),
    }


def of_source(source: Batches | None) -> str:
    """A hash of what is known of data without reading all of them."""
    rows = source.data if isinstance(source, RowBatches) else None
    return _hash([] if rows is None else of_rows(rows, LOOKED_AT), source and source.description)


def of_batch(data: Data | None) -> str:
    """A hash of a batch that was made; None behind the last one."""
    return "none" if data is None else _hash(data.arrays, len(data))


def of_rows(data: Rows, most: int) -> list[Any]:
    """So many rows at most, of equal distances."""
    n = len(data)
    return data.rows(np.linspace(0, n - 1, min(n, most)).astype(np.int64)).arrays


def _described(parts: Any) -> str:
    return _hash([], json.dumps(parts, default=_said, skipkeys=True))


def _said(value: Any) -> Any:
    """What JSON has no word for: its class, as the text of an object may have its place in memory."""
    return plain(value) if hasattr(value, "get_config") else type(value).__name__


def _hash(arrays: list[Any], value: Any) -> str:
    found = hashlib.blake2b(repr(value).encode(), digest_size=8)
    for array in arrays:
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()
