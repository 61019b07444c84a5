"""Where a model of Keras comes from: an object in memory, a .keras file, or an older .h5 file."""

from __future__ import annotations

import os
import stat
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from ...errors import ArgumentError
from ...layers.base import snake_case
from ..strict_json import parse
from .chain import CONTAINERS, chain
from .config import Node, node
from .flow import Stored
from .hdf5 import Group, opened
from .layers import RECURRENT

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
LARGEST_TEXT = 2**24  # bytes of a description
PACKED = 100  # times smaller than its content a part of a .keras file may be; Keras does not pack at all


class Source(NamedTuple):
    """A model's description, the Keras that wrote it, and what finds a layer's arrays, in the order of get_weights."""

    model: Node
    version: str
    arrays: Callable[[Node], list[Stored]]


def live(model: Any) -> Source:
    """A model in memory: anything with the methods of Keras's."""
    if not all(hasattr(model, name) for name in ("get_config", "layers", "get_layer")):
        raise ArgumentError(
            f"from_keras: expected a model of Keras, or the path of one. Received: {type(model).__name__}"
        )
    if not getattr(model, "built", True):
        raise ArgumentError("from_keras: expected a model that is built. Call model.build((None, ...)) first")
    package = sys.modules.get(type(model).__module__.partition(".")[0])
    config = model.get_config()
    if "build_input_shape" not in config and getattr(model, "input_shape", None):
        config["build_input_shape"] = list(model.input_shape)

    def arrays(layer: Node) -> list[Stored]:
        return [held(a) for a in model.get_layer(layer.name).get_weights()]

    found = Node(_container(model), config, {"module": "keras"})
    return Source(found, str(getattr(package, "__version__", "3")), arrays)


def _container(model: Any) -> str:
    """The kind of a model: of the class itself or the one that it is derived from."""
    names = [cls.__name__ for cls in type(model).__mro__]
    return next((name for name in names if name in CONTAINERS), type(model).__name__)


def held(a: Any) -> Stored:
    """An array in memory."""
    array = np.asarray(a)
    return Stored(array.shape, array.dtype.name, lambda: array)


@contextmanager
def from_file(path: str) -> Iterator[Source]:
    """A file, open as long as arrays are read."""
    expect_file(path)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            model = node(parse(_part(archive, CONFIG, LARGEST_TEXT).decode()))
            version = parse(_part(archive, METADATA, LARGEST_TEXT).decode()).get("keras_version", "3")
            content = _part(archive, WEIGHTS)
        with opened(content) as root:
            places = top_level(root, chain(model)[1])
            yield Source(model, str(version), lambda layer: collect(places.get(layer.name), layer))
    else:
        with opened(path) as root:
            if not root.has("model_config"):
                raise ValueError(
                    "expected a model with its description, found weights alone. Build the model here and give it, "
                    "too: from_keras(path, model=model)"
                )
            text = root.text("model_config")
            weights = root.group("model_weights") or root
            version = root.text("keras_version") if root.has("keras_version") else "2"
            yield Source(node(parse(text)), version, lambda layer: older(weights, layer))


def expect_file(path: str) -> None:
    """Raises ValueError for folders and devices, OSError where nothing is there."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ValueError("expected a file, found a folder or a device")


def _part(archive: zipfile.ZipFile, name: str, largest: int | None = None) -> bytes:
    """A part of a .keras file, unpacked. Raises ValueError where it is missing or would be too large."""
    if archive.namelist().count(name) != 1:
        raise ValueError(f"expected a .keras file with one {name}, found {', '.join(archive.namelist()):.200}")
    info = archive.getinfo(name)
    if info.file_size > PACKED * max(info.compress_size, 1) or (largest and info.file_size > largest):
        raise ValueError(f"expected {name} of a reasonable size, found {info.file_size} bytes in {info.compress_size}")
    return archive.read(info)


def is_whole(path: str) -> bool:
    """Whether a file has a model's description, and not weights alone."""
    if zipfile.is_zipfile(path):
        return True
    with opened(path) as root:
        return root.has("model_config")


def container(root: Group) -> Group | None:
    """The group of a model's layers: Keras 3 calls it otherwise than 2."""
    return root.group("layers") or root.group("_layer_checkpoint_dependencies")


def group_names(layers: Sequence[Node]) -> list[str]:
    """What the groups of layers are called in a file: by their classes, dense, dense_1, ..."""
    counts: dict[str, int] = {}
    found = []
    for layer in layers:
        name = snake_case(layer.kind)
        k = counts[name] = counts.get(name, -1) + 1
        found.append(f"{name}_{k}" if k else name)
    return found


def top_level(root: Group, layers: Sequence[Node]) -> dict[str, Group | None]:
    """The groups of a model's layers by the layers' names."""
    home = container(root)
    return {layer.name: home and home.group(name) for layer, name in zip(layers, group_names(layers), strict=True)}


def collect(group: Group | None, layer: Node) -> list[Stored]:
    """A layer's arrays from its group, in the order of its get_weights."""
    if group is None:
        return []
    if layer.kind in CONTAINERS:
        inner = chain(layer)[1]
        places = top_level(group, inner)
        return [array for each in inner for array in collect(places[each.name], each)]
    if layer.kind == "Bidirectional":
        inside = node(layer.config["layer"])
        ways = (group.group(f"{way}_layer") for way in ("forward", "backward"))
        return [array for way in ways for array in collect(way, inside)]
    if layer.kind == "TimeDistributed":
        return collect(group.group("layer"), node(layer.config["layer"]))
    home = group.group("cell") if layer.kind in RECURRENT else group
    arrays = home and home.group("vars")
    return arrays.numbered() if arrays else []


def older(weights: Group, layer: Node) -> list[Stored]:
    """A layer's arrays from an .h5 file, in the order of its get_weights."""
    group = weights.group(layer.name)
    if group is None or not group.has("weight_names"):
        return []
    names = group.names("weight_names")
    return [group.array(name) for name in _by_layer(layer, names)]


def _by_layer(layer: Node, names: list[str]) -> list[str]:
    """The names of a model in a model layer by layer: such a file has those that are not trained last."""
    if layer.kind not in CONTAINERS:
        return names
    found = []
    for inner in chain(layer)[1]:
        own = [name for name in names if inner.name in name.split("/")]
        found += _by_layer(inner, own)
    if sorted(found) != sorted(names):
        raise ValueError(f"expected weights called by their layers in {layer.name!r:.100}, found {names!r:.200}")
    return found
