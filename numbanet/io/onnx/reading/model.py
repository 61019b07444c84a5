"""Importing: a chain-shaped ONNX graph as layers of ours, with their weights."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....checks import fail
from ....errors import ArgumentError, FileError, NumbanetError
from ...converted import Converted
from ...tensors import blame, path_text
from ..package import onnx_package
from . import (  # noqa: F401 - they put their readers into the table
    activations,
    convolution,
    dense,
    normalization,
    pooling,
    recurrent,
    resize,
    shapes,
)
from .graph import Graph
from .pieces import BACKWARDS, Data, Piece, assembled, path, reshaping
from .views import Refusal, size_of


@dataclass(frozen=True)
class Imported(Converted):
    """What `read_onnx` returns: layers and weights, and how our arrays lie beside the file's.

    input_axes, output_axes: the file's axes in our order. Ours are np.transpose(theirs, axes), as (N, *input_shape) and
    (N, *output_shape): images have (0, 2, 3, 1).
    """

    input_axes: tuple[int, ...] = ()
    output_axes: tuple[int, ...] = ()


def read_onnx(source: Any, input_shape: Sequence[int | None] | None = None, output: str | None = None) -> Imported:
    """Layers and weights that compute what an ONNX graph does.

    source: the path of a file, or a ModelProto.
    input_shape: the sizes of the graph's input in the file's order, with None for the batch axis, where the file does
        not say them; without a None the batch axis comes first and is left out.
    output: the name of the output to follow, where the graph has several.

    The graph is a chain from one input, with ways round parts of it that are added (Residual). Images and sequences of
    ours have their channels last, and vectors made of them that order: weights are reordered for it.

    Raises ArgumentError with all nodes that cannot be imported, FileError where the file cannot be read or is damaged
    or keeps weights in other files, and MissingDependency without the package onnx.
    """
    onnx_package()
    named = isinstance(source, str | os.PathLike)
    label = path_text("from_onnx", source) if named else "from_onnx"
    if not named and not hasattr(source, "graph"):
        fail("from_onnx", "path", "the path of a file, or a ModelProto", source)
    sizes = _checked_sizes(input_shape)
    try:
        with blame(label):
            model = _parsed(source) if named else source
            _expect_valid(model)
            graph = Graph(_inlined(model), output, sizes)
            return _converted(graph)
    except FileError as error:
        cause = error.__cause__
        if isinstance(cause, ArgumentError):
            raise ArgumentError(str(cause)) from None
        raise


def _checked_sizes(given: Any) -> list[int | None] | None:
    if given is None:
        return None
    whole = isinstance(given, tuple | list) and all(
        size is None or (isinstance(size, int | np.integer) and not isinstance(size, bool) and size > 0)
        for size in given
    )
    if not whole:
        fail("from_onnx", "input_shape", "a tuple of positive sizes, None for the batch axis", given)
    return [None if size is None else int(size) for size in given]


def _parsed(path: Any) -> Any:
    with open(path, "rb") as file:
        content = file.read()
    model = onnx_package().ModelProto()
    try:
        model.ParseFromString(content)
    except Exception:
        raise ValueError("expected an ONNX model, found something else, or it is damaged") from None
    return model


def _expect_valid(model: Any) -> None:
    """The model is what the format says, as far as the package onnx checks it."""
    if not model.HasField("graph"):
        raise ValueError("expected an ONNX model with a graph, found none")
    for tensor in model.graph.initializer:
        if tensor.data_location == 1 or tensor.external_data:
            raise ValueError(
                f"the weights {tensor.name!r:.100} lie in another file. Put all in one: "
                "onnx.save(onnx.load(path), path)"
            )
    onnx_package().checker.check_model(model)


def _inlined(model: Any) -> Any:
    """The model with the bodies of its own functions in place of their calls."""
    if not model.functions:
        return model
    from onnx import inliner

    return inliner.inline_local_functions(model)


def _converted(graph: Graph) -> Imported:
    end = graph.run()
    try:
        pieces, output_axes = _ended(end)
        memory = graph.input.view.memory
        graph.input.view.settle()
        _expect_each_once(pieces)
        layers, values, _ = assembled(pieces, memory.sizes)
    except (Refusal, NumbanetError) as refusal:
        graph.refuse(str(refusal))
        raise
    dtype = {1: "float32", 11: "float64"}[graph.float_type]
    arrays = [np.ascontiguousarray(value, dtype=dtype) for value in values]
    if not all(np.isfinite(a).all() for a in arrays):
        raise ValueError("expected finite weights, found NaN or infinity")
    name = graph.graph.name or "sequential"
    return Imported(layers, memory.sizes, arrays, name, dtype, memory.axes, output_axes)


def _ended(end: Data) -> tuple[list[Piece], tuple[int, ...]]:
    """All pieces, and the file's axes of the output in our order."""
    view = end.view
    view.settle()
    if end.indices or end.backwards:
        raise Refusal("the graph's output holds whole numbers" if end.indices else BACKWARDS)
    order = [view.batch, *view.memory.order]
    axes = view.axes
    first = next(k for k, axis in enumerate(axes) if view.batch in axis)
    place, places = 0.0, {}
    for k, axis in enumerate(axes):
        found = [order.index(part) for part in axis if part in order and (part.size > 1 or part is view.batch)]
        places[k] = place = float(found[0]) if found else place + 0.5 / len(axes)
    sorted_axes = [first, *(k for k in sorted(places, key=places.__getitem__) if k != first)]
    lying = [part for k in sorted_axes for part in axes[k] if part.size > 1]
    if len(axes[first]) != 1:
        raise Refusal(f"its output of shape {view.sizes} has samples and other things along one axis")
    if lying != [part for part in order if part.size > 1]:
        raise Refusal("its output has axes made of others in another order than ours; no layer of ours transposes")
    pieces = [piece for value in path(end, None) for piece in value.pieces]
    wanted = tuple(size_of(axes[k]) for k in sorted_axes[1:])
    shape = view.memory.shape
    if not pieces or shape != (wanted or (1,)):
        pieces.append(reshaping(wanted or (1,)))
    return pieces, tuple(sorted_axes)


def _expect_each_once(pieces: Sequence[Piece]) -> None:
    """No weights would stand in two places."""
    seen: set[int] = set()
    todo = list(pieces)
    while todo:
        piece = todo.pop()
        if id(piece) in seen:
            raise Refusal("a value is used in two places that are not the two ways of one sum; ours are chains")
        seen.add(id(piece))
        todo += [inner for way in getattr(piece, "ways", []) for inner in way]
