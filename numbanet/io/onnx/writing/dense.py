"""Dense and Embedding: products with a matrix, and rows of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ....layers.dense import Dense
from ....layers.embedding import Embedding
from .activations import activated
from .graph import Graph, Value, value


def dense(g: Graph, layer: Dense, x: Value) -> Value:
    """Flattened images may lie with their channels first: then the kernel's rows do, too."""
    rows, order = g.rows(x)
    kernel = g.parameter("kernel")
    kernel = g.constant("kernel", kernel if order is None else kernel[order])
    if layer.use_bias:
        z = g.node("Gemm", rows, kernel, g.constant("bias", g.parameter("bias")))
    else:
        z = g.node("MatMul", rows, kernel)
    return activated(g, layer.activation, value(z, (layer.units,)))


def dense_of_steps(g: Graph, layer: Dense, x: Value) -> Value:
    """What a Dense makes of each step of a sequence (N, T, features), wherever its axes N and T are."""
    x = g.channels_last(x)
    z = g.node("MatMul", x.name, g.constant("kernel", g.parameter("kernel")))
    if layer.use_bias:
        z = g.node("Add", z, g.constant("bias", g.parameter("bias")))
    return activated(g, layer.activation, value(z, (x.shape[0], layer.units), x.axes))


def embedding(g: Graph, layer: Embedding, x: Value) -> Value:
    x = g.arranged(x, x.axes if x.seen == x.shape else tuple(range(len(x.seen) + 1)))
    found = g.node("Gather", g.constant("embeddings", g.parameter("embeddings")), x.name, axis=0)
    shape = (*x.shape, layer.output_dim)
    return replace(value(found, shape, (*x.axes, len(shape))), indices=False)


def no_mask(layer: Embedding) -> str | None:
    """Why an Embedding cannot be written, if so."""
    return "mask_zero=True makes a mask, for which a graph has no place" if layer.mask_zero else None


WRITERS: dict[Any, Any] = {Dense: dense, Embedding: embedding}
REASONS: dict[Any, Any] = {Embedding: no_mask}
