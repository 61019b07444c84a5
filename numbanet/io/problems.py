"""What of another framework's network has no layer here: all of it in one error, and not the first alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, NumbanetError, ShapeError
from ..layers.base import Layer, Shape, free_name, snake_case
from ..layers.chain import Chain
from .converted import Converted


class Unsupported(Exception):
    """A part of another framework's network that cannot be a layer of ours: the message says why."""


def refuse(owner: str, network: str, problems: Sequence[str]) -> None:
    """Raises ArgumentError with all problems, each "its place (its class): why", where there are any."""
    if problems:
        parts = f"{len(problems)} parts that are" if len(problems) > 1 else "a part that is"
        listed = "".join(f"\n  {problem:.500}" for problem in problems)
        raise ArgumentError(
            f"{owner}: expected a chain of layers that numbanet has; {network} has {parts} none:{listed}"
        )


def problem(place: str, kind: str, error: Exception) -> str:
    """One line of the list."""
    told = isinstance(error, Unsupported | NumbanetError)
    reason = str(error) if told else f"settings that its layer here refuses ({type(error).__name__}: {error})"
    return f"{place} ({kind}): {reason}"


def converted(owner: str, layers: list[Layer], shape: Shape, values: list[Any], name: str, dtype: str) -> Converted:
    """The network, whose values have the shapes that its layers ask for. Raises ShapeError where one has not."""
    taken = {layer.name for layer in layers}
    for layer in layers:
        if layer.name is None:  # so that none takes a name that a later layer has
            layer.name = free_name(snake_case(type(layer).__name__), taken)
            taken.add(layer.name)
    parameters = Chain(layers, [str(layer.name) for layer in layers], shape).description.parameters
    if len(parameters) != len(values):
        raise ShapeError(f"{owner}: expected {len(parameters)} arrays for its layers, received {len(values)}")
    for p, a in zip(parameters, values, strict=True):
        if tuple(a.shape) != tuple(p.shape):
            raise ShapeError(f"{owner}: {p.name}: expected shape {tuple(p.shape)}, received {tuple(a.shape)}")
    return Converted(layers, shape, values, name, dtype)


def sample_shape(owner: str, value: Any) -> Shape:
    """Sizes of a sample without the batch axis, checked."""
    sizes = tuple(value) if isinstance(value, tuple | list) else ()
    if not sizes or not all(type(size) is int and size > 0 for size in sizes):
        raise ArgumentError(
            f"{owner}: input_shape must be the sizes of a sample without the batch axis, channels last, such as "
            f"(28, 28, 1). Received: input_shape={value!r}"
        )
    return sizes
