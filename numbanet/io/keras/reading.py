"""A model of Keras as layers with their weights."""

from __future__ import annotations

import os
from typing import Any

from ...errors import ArgumentError, NumbanetError
from ..converted import Converted
from ..problems import Unsupported, converted, problem, refuse
from ..tensors import blame, path_text
from .chain import chain
from .config import Node
from .flow import Flow, UnknownShape
from .hdf5 import h5py
from .layers import translate
from .sources import Source, from_file, live

OWNER = "from_keras"  # what users call it


def read_keras(source: Any) -> Converted:
    """The layers of a model of Keras, with its weights, which have the same layouts here: no number is changed.

    source: a Sequential, or a Functional model that is a chain, in memory; or the path of a .keras file, or of an .h5
        file of a whole model. Files are read without Keras, and nothing in them is run.

    Raises ArgumentError with a list of all that has no layer here, DtypeError where weights are of two types, FileError
    where a file cannot be read or is damaged, and MissingDependency without h5py for a file.
    """
    if not isinstance(source, str | os.PathLike):
        name = f"the model {getattr(source, 'name', '')!r}"
        try:
            return _converted(live(source), name)
        except NumbanetError:
            raise
        except Exception as error:  # of a class derived from keras.Model, which describes itself as it likes
            raise ArgumentError(
                f"{OWNER}: {name}: expected a Sequential, or a Functional model: {error!s:.500}"
            ) from error
    path = path_text(OWNER, source)
    h5py(OWNER)
    refused: NumbanetError
    with blame(path), from_file(path) as found:
        try:
            return _converted(found, path)
        except NumbanetError as error:
            refused = error  # a file that is whole, and says what has no layer here
    raise refused


def _converted(source: Source, what: str) -> Converted:
    try:
        batch_shape, layers = chain(source.model)
    except Unsupported as error:
        raise ArgumentError(f"{OWNER}: {what}: {error}") from None
    if batch_shape is None or None in batch_shape[1:]:
        raise ArgumentError(
            f"{OWNER}: {what}: expected a model that says its input's shape, received {batch_shape}. Sizes other than "
            "the batch's must be numbers: begin it with keras.Input((...)) of the size you want"
        )
    shape = tuple(int(size) for size in batch_shape[1:] if size is not None)
    flow = Flow(shape, source.version.partition(".")[0] in ("0", "1", "2"), batch_shape[0])
    problems = [line for layer in layers if (line := _problem(source, layer, flow))]
    refuse(OWNER, what, problems)
    if not flow.layers:
        raise ArgumentError(f"{OWNER}: {what}: expected a model with layers, received one without")
    dtype = flow.dtype(OWNER)
    values = [a.astype(dtype) for a in flow.values]  # what was not read: states that begin at zero, given statistics
    return converted(OWNER, flow.layers, shape, values, str(source.model.config.get("name", "sequential")), dtype)


def _problem(source: Source, layer: Node, flow: Flow) -> str | None:
    """Translate a layer; why not, where it has none here."""
    flow.begin(source.arrays(layer))
    try:
        translate(layer, flow)
        flow.end()
    except UnknownShape:
        return None  # it stands behind one that is on the list, and by itself nothing was found
    except (MemoryError, OSError):
        raise  # the file's fault
    except Exception as error:  # settings of any kind, which constructors refuse in many ways
        flow.lose()
        return problem(layer.name, layer.kind, error)
    return None
