"""Where the values of a C file lie: one workspace, whose parts are used again once nobody needs what they hold."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from .graph import Graph, Value


@dataclass
class Block:
    """Numbers that are needed from one node to another, counted from 0, both included. at: where they lie."""

    size: int
    first: int
    last: int
    at: int = field(default=-1)

    def meets(self, other: Block) -> bool:
        """Whether both are needed at once."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Layout:
    """blocks: by the places of values, and by (node, name) for what a body works in. size: of the workspace."""

    blocks: dict[object, Block]
    size: int


def lay_out(graph: Graph) -> Layout:
    """A place for all values but constants and those at the ends of the graph."""
    blocks: dict[object, Block] = {}
    for k, node in enumerate(graph.nodes):
        for use in (*node.inputs.values(), *node.outputs.values()):
            if _inside(graph, use.value):
                blocks.setdefault(use.value.place, Block(math.prod(use.value.shape), k, k)).last = k
        for name, sizes in node.operation.scratch.items():
            size = math.prod(int(s) if s.isdigit() else node.sizes[s] for s in sizes.split())
            blocks[k, name] = Block(size, k, k)
    placed: list[Block] = []
    for key, block in blocks.items():  # in the order of their first use
        above = _input_in_whose_place(graph, blocks, key, block)
        block.at = above.at if above else _lowest(block, placed)
        placed.append(block)
    return Layout(blocks, max((b.at + b.size for b in placed), default=0))


def _inside(graph: Graph, value: Value) -> bool:
    return value.data is None and value.place not in (graph.x.place, graph.y.value.place)


def _input_in_whose_place(graph: Graph, blocks: dict[object, Block], key: object, block: Block) -> Block | None:
    """A block that is read for the last time by the node that first writes this one, if it may write there."""
    node = graph.nodes[block.first]
    if node.operation.in_place and any(use.value.place == key for use in node.outputs.values()):
        for use in node.inputs.values():
            found = blocks.get(use.value.place)
            if found and found is not block and found.last == block.first and found.size == block.size:
                return found
    return None


def _lowest(block: Block, placed: list[Block]) -> int:
    """The first gap that is large enough."""
    at = 0
    for other in sorted((b for b in placed if b.meets(block)), key=lambda b: b.at):
        if at + block.size <= other.at:
            break
        at = max(at, other.at + other.size)
    return at
