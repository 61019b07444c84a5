"""Checkpoints: a model file with everything else that training needs to go on to the same bits.

The metadata is {"kind": "checkpoint", "model": the metadata of a model file}. The tensors "model/..." are those of a
model file, "state" is the rest as JSON, in which an array is {"tensor": its name}, and "state/..." are those arrays:
moments, metrics, what callbacks keep, the history. "validated" is "average" where load_model takes the average of the
weights, because it is what was judged; else "weights".
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError, FileError
from ..network import Network
from .difference import first_difference
from .model_file import MODEL, Chosen, described, made, model_part
from .strict_json import dumps, parse
from .tensors import blame, path_text, read_tensors, write_tensors

STATE = "state"
NAME = re.compile(r"step-(\d{9,18})\.safetensors")


def file_name(step: int) -> str:
    """step-000001234.safetensors: in the order of names, files are in the order of steps."""
    return f"step-{step:09}.safetensors"


def steps_saved(folder: str | os.PathLike[str]) -> dict[int, Path]:
    """The checkpoints of a folder by their steps, the newest first; none where there is no folder."""
    try:
        found = [(NAME.fullmatch(name), name) for name in os.listdir(folder)]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise FileError(f"{os.fspath(folder)}: cannot be read: {error.strerror or error}") from error
    files = {int(match[1]): Path(folder, name) for match, name in found if match}
    return dict(sorted(files.items(), reverse=True))


def write_checkpoint(
    path: str | os.PathLike[str],
    name: str,
    network: Network,
    chosen: Chosen,
    state: Mapping[str, Any],
    validated: str = "weights",
) -> None:
    """Write a model and the state of its training to a file that is there whole or not at all.

    state: nested dicts and lists of arrays and JSON values. Raises as save_model does, and ArgumentError for a state
    that a file cannot hold.
    """
    path_text("save_checkpoint", path)
    tensors, metadata = described(name, network, chosen)
    tensors = {MODEL + key: a for key, a in tensors.items()}
    try:
        text = dumps(_without_arrays(state, STATE, tensors))
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError(f"save_checkpoint: a state must be arrays and what JSON holds: {error!s:.500}") from None
    tensors[STATE] = np.frombuffer(text.encode(), np.uint8)
    write_tensors(path, tensors, {"kind": "checkpoint", "model": metadata, "validated": validated})


def read_checkpoint(
    path: str | os.PathLike[str], name: str, network: Network, chosen: Chosen
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The weights of a checkpoint of this very model, and its state, with "epochs_trained" and "training".

    Raises FileError where the file cannot be read, is damaged or is no checkpoint; ArgumentError where it is another
    model's.
    """
    source = path_text("load_checkpoint", path)
    tensors, metadata = read_tensors(source)
    with blame(source):
        if metadata.get("kind") != "checkpoint":
            raise ValueError(f"expected a checkpoint, found a file of kind {metadata.get('kind')!r:.100}")
        theirs, weights = model_part(metadata, tensors)
        made(theirs, weights)
        state = _with_arrays(parse(bytes(tensors[STATE]).decode()), tensors)
        if not isinstance(state, dict) or "training" not in state:
            raise ValueError("expected the state of a training, found something else")
        count(state["epochs_trained"])
        expected = _comparable(theirs)
    if difference := first_difference(expected, _comparable(described(name, network, chosen)[1])):
        raise ArgumentError(f"{source}: is a checkpoint of another model: {difference}")
    return weights, state


def count(value: Any) -> int:
    """A number of steps, epochs or bytes, as the JSON of a state has it. Raises ValueError for anything else."""
    if type(value) is not int or not 0 <= value < 2**62:
        raise ValueError(f"expected a number of 0 or more, found {value!r:.100}")
    return value


def _comparable(metadata: dict[str, Any]) -> dict[str, Any]:
    """What must be the same where training goes on: not the name, nor a learning rate that callbacks may have set."""
    found = {what: metadata[what] for what in ("seed", "dtype", "input_shape", "layers")}
    chosen = metadata["compile"] or {}
    for what, node in chosen.items():
        found[what] = node
    optimizer = chosen.get("optimizer")
    if optimizer and not isinstance(optimizer["config"].get("learning_rate"), dict):
        found["optimizer"] = optimizer | {"config": optimizer["config"] | {"learning_rate": "a number"}}
    return found


def _without_arrays(value: Any, place: str, tensors: dict[str, Any]) -> Any:
    """The value with {"tensor": name} for each array, which goes to `tensors` under that name."""
    if isinstance(value, np.ndarray):
        name = place if place not in tensors else f"{place} {len(tensors)}"
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, Mapping):
        if set(value) == {"tensor"} and isinstance(value["tensor"], str):
            raise ValueError('{"tensor": text} alone stands for an array. Take another name.')
        return {key: _without_arrays(v, f"{place}/{key}", tensors) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_arrays(v, f"{place}/{k}", tensors) for k, v in enumerate(value)]
    return value.item() if isinstance(value, np.generic) else value


def _with_arrays(value: Any, tensors: Mapping[str, Any]) -> Any:
    """The value as it was before _without_arrays."""
    if isinstance(value, dict):
        if set(value) == {"tensor"} and isinstance(value["tensor"], str):
            return tensors[value["tensor"]]
        return {key: _with_arrays(v, tensors) for key, v in value.items()}
    if isinstance(value, list):
        return [_with_arrays(v, tensors) for v in value]
    return value
