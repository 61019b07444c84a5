"""A network as boxes and arrows, in SVG that this package writes itself."""

from __future__ import annotations

import math
import os
from pathlib import Path

from ..errors import ArgumentError
from ..layers import Residual, TimeDistributed
from ..layers.base import Description, Layer, Shape, batch_shape
from ..layers.chain import Chain
from ..model import Sequential
from .boxes import LINE, NARROW, STYLE, WIDE, Box, Column, Frame, words, xml
from .page import write
from .tree import ways

RIM = 20.0
MEETS = {"concat": "side by side", "sum": "+", "mul": "·", "ave": "average"}


def model_diagram(model: Sequential, path: str | os.PathLike[str]) -> Path:
    """Draw a model's layers to an SVG file, with output shapes and numbers of parameters; returns its path.

    What is within a Residual, Bidirectional or TimeDistributed is drawn too, each way beside the others: a Residual's
    input goes round its layers to where it is added. Boxes with parameters are coloured; a layer's arguments show where
    the mouse rests on it. The picture follows the reader's choice of light or dark, and needs neither matplotlib nor
    graphviz.

    The model must be built. Raises StateError, ArgumentError for a path that does not end in .svg, and FileError.
    """
    target = Path(path)
    if target.suffix.lower() != ".svg":
        raise ArgumentError(f"model_diagram: path must end in .svg. Received: {str(path)!r}")
    network = model._built("model_diagram")
    count = sum(slot.value.size for slot in network.slots)
    holds = network.dtype.name if network.index_limit is None else f"indices below {network.index_limit:,}"
    source = Box("input", "", batch_shape(network.input_shape), holds, "what the model takes", False)
    column = Column([source, *_parts(network.chain)])
    facts = f"{_number(count)}, output {batch_shape(network.output_shape)}"
    width = 2 * RIM + max(column.width, WIDE * 1.2 * len(model.name), NARROW * len(facts))
    top = RIM + 2 * LINE + 10
    height = top + column.height + RIM
    left = (width - column.width) / 2
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="name">',
        f'<title id="name">{xml(model.name)}: {len(model.layers)} layers, {xml(facts)}</title>',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{width:g}" height="{height:g}"/>',
        words(RIM, RIM + 14, model.name, "title"),
        words(RIM, RIM + 14 + LINE, facts, "soft"),
        *column.draw(left, top),
        "</svg>",
    ]
    return write(target, ("\n".join(filter(None, drawn)) + "\n").encode())


def _parts(chain: Chain) -> list[Box | Frame]:
    """The layers of a chain, each a box or a frame."""
    shapes = [chain.input_shape, *(d.output_shape for d in chain.descriptions)]
    each = zip(chain.layers, chain.names, chain.descriptions, shapes, strict=False)
    return [_part(layer, name, description, shape) for layer, name, description, shape in each]


def _part(layer: Layer, name: str, description: Description, input_shape: Shape) -> Box | Frame:
    kind = type(layer).__name__
    inner = ways(layer, input_shape)
    note = _note(description)
    if not inner:
        activation = getattr(layer, "activation", None)
        kind = f"{kind} + {type(activation).__name__}" if isinstance(activation, Layer) else kind
        shape = batch_shape(description.output_shape)
        return Box(kind, name, shape, note, repr(layer), bool(description.parameters))
    said = ", ".join(filter(None, [batch_shape(description.output_shape), note]))
    columns = [Column(_parts(chain)) for chain in inner]
    if isinstance(layer, TimeDistributed):
        return Frame(kind, f"{name}, for each step", said, columns)
    if not isinstance(layer, Residual):
        return Frame(kind, name, said, columns, MEETS[getattr(layer, "merge_mode", "concat")])
    if len(columns) == 1:
        columns.append(Column([], "as it is"))
    after = [layer.activation] if layer.activation else []
    shape = batch_shape(description.output_shape)
    return Frame(kind, name, said, columns, "+", [Box(type(a).__name__, "", shape, "", repr(a), False) for a in after])


def _note(description: Description) -> str:
    """How many parameters, and whether training leaves them as they are."""
    parameters = description.parameters
    count = sum(math.prod(p.shape) for p in parameters)
    frozen = {p.frozen for p in parameters}
    state = ", partly frozen" if len(frozen) == 2 else ", frozen" if True in frozen else ""
    return _number(count) + state if count else ""


def _number(count: int) -> str:
    return f"{count:,} parameter{'s' * (count != 1)}"
