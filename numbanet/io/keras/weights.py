"""Weights of Keras for a model that was built here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...config import plain
from ...errors import ArgumentError
from ...layers import Normalization, TimeDistributed
from ...layers.base import Layer
from ...network import Network, Slot
from ..tensors import blame, path_text
from .config import Node, node
from .flow import Stored
from .hdf5 import Group, h5py, opened
from .reading import read_keras
from .sources import collect, container, expect_file, group_names, held, is_whole, top_level

OWNER = "from_keras"
HINT = (
    "A file with weights alone does not say which layer is which, but for their numbers among those of a class. The "
    ".keras file of the whole model does"
)
Arrays = dict[str, list[Stored]]


def fill_from_keras_weights(network: Network, path: str | os.PathLike[str]) -> list[Any]:
    """The values of a network's parameters, in the order of get_weights, from a file that Keras wrote.

    path: of a .weights.h5 file, of a .keras file, or of an older .h5 file with weights or a whole model.

    A file with weights alone numbers layers class by class: the model here must have the same layers of each class in
    the same order; if it has TimeDistributed(Dense(...)) and the file none, that is a Dense on sequences.
    Nothing is changed. What Keras does not keep stays as it is: states, and the numbers a Normalization was given.

    Raises ArgumentError with a list of all that does not fit, FileError where the file cannot be read or is damaged,
    and MissingDependency without h5py.
    """
    source = path_text(OWNER, path)
    h5py(OWNER)
    with blame(source):
        expect_file(source)
        whole = is_whole(source)
    if whole:
        values, problems = _values(network, _of_model(network, source))
    else:
        with blame(source), opened(source) as root:
            given, left = (_by_class if container(root) else _in_order)(root, network)
            values, problems = _values(network, given)
        problems += [f"the file also has weights of {name!r}" for name in left]
    if problems:
        listed = "".join(f"\n  {line:.500}" for line in problems)
        hint = "" if whole else f"\n{HINT}."
        raise ArgumentError(f"{OWNER}: {source}: the weights are not those of this model:{listed}{hint}")
    return values


def _of_model(network: Network, source: str) -> Arrays:
    """The arrays of each layer by its name here, from a file with the whole model."""
    values = [held(a) for a in read_keras(source).values]
    given: Arrays = {}
    for layer, d in zip(network.layers, network.descriptions, strict=True):
        given[str(layer.name)], values = values[: len(d.parameters)], values[len(d.parameters) :]
    given[str(network.layers[-1].name)] += values  # too many, which is told
    return given


def _by_class(root: Group, network: Network) -> tuple[Arrays, list[str]]:
    """The same from a file of Keras 3 with weights alone, and the groups that nobody takes."""
    home = container(root)
    names = set(home.names_inside()) if home else set()
    nodes = [node(plain(layer)) for layer in network.layers]
    if "time_distributed" not in names:
        nodes = [_dense_alone(layer, n) for layer, n in zip(network.layers, nodes, strict=True)]
    places = top_level(root, nodes)
    given = {each.name: collect(places[each.name], each) for each in nodes}
    left = [name for name in sorted(names - set(group_names(nodes))) if home and _has_arrays(home.group(name))]
    return given, left


def _dense_alone(layer: Layer, found: Node) -> Node:
    """TimeDistributed(Dense) as the Dense that Keras has, under its own name."""
    inner = layer
    while isinstance(inner, TimeDistributed):
        inner = inner.layer
    is_dense = inner is not layer and type(inner).__name__ == "Dense"
    return Node("Dense", {"name": found.name}, {}) if is_dense else found


def _has_arrays(group: Group | None) -> bool:
    """Whether a layer's group has weights; the state of random numbers is none."""
    if group is None:
        return False
    inner = [name for name in group.names_inside() if name != "seed_generator"]
    return any(name == "0" or _has_arrays(group.group(name)) for name in inner)


def _in_order(root: Group, network: Network) -> tuple[Arrays, list[str]]:
    """The same from an older file, which has the layers in order."""
    if not root.has("layer_names"):
        raise ValueError("expected weights that Keras wrote, found neither layers nor layer_names")
    stored = []
    for name in root.names("layer_names"):
        group = root.group(name)
        if group and (arrays := [group.array(n) for n in group.names("weight_names")]):
            stored.append((name, arrays))
    owners = [str(layer.name) for layer, d in zip(network.layers, network.descriptions, strict=True) if d.parameters]
    given = {name: arrays for name, (_, arrays) in zip(owners, stored, strict=False)}
    return given, [name for name, _ in stored[len(owners) :]]


def _values(network: Network, given: Arrays) -> tuple[list[Any], list[str]]:
    """The values, and what is wrong."""
    values: list[Any] = []
    problems = []
    for layer in network.layers:
        slots = [slot for slot in network.slots if slot.layer == layer.name]
        states = [slot for slot in slots if slot.parameter.name.rpartition("/")[2].startswith("state_")]
        arrays = given.get(str(layer.name), [])
        if isinstance(layer, Normalization):
            states, arrays = ([] if arrays else slots), arrays[:2]  # the third is how many samples it has seen
        weights = slots[: len(slots) - len(states)]
        if len(arrays) == len(slots):
            arrays = arrays[: len(weights)]
        if wrong := _difference(weights, arrays, network.dtype):
            problems.append(f"{layer.name} ({type(layer).__name__}): {wrong}")
            continue
        values += [np.array(a.read(), order="C") for a in arrays]
        values += [np.array(slot.value) for slot in states]
    return values, problems


def _difference(wanted: Sequence[Slot], arrays: Sequence[Stored], dtype: Any) -> str:
    expected = [tuple(slot.parameter.shape) for slot in wanted]
    if expected != [a.shape for a in arrays]:
        return f"expected arrays of {expected}, found {[a.shape for a in arrays]}"
    types = [a.dtype for a in arrays if a.dtype != dtype]
    return f"expected {dtype}, found {types[0]}" if types else ""
