"""How a batch is cut into shards, who has which, and the fixed tree along which their sums are added up.

Floating-point addition is not associative, so the order of a sum is part of its result. Here it is that of a complete
binary tree over the shards, whoever computes them: a rank has shards side by side, and adds up the largest subtrees
that it holds; what is left of the tree is completed with those of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

Node = tuple[int, int]  # a subtree: its first shard, and how many it has
Sum = TypeVar("Sum")


@dataclass(frozen=True)
class Cut:
    """Batches in `shards` parts, a power of two, for so many ranks; this is number `rank`."""

    shards: int
    ranks: int = 1
    rank: int = 0

    def bounds(self, n: int) -> list[int]:
        """Where the shards of n samples begin, and where the last one ends: all have n / shards, rounded."""
        return [k * n // self.shards for k in range(self.shards + 1)]

    def most(self, n: int) -> int:
        """How many samples the largest shard of n has."""
        return -(-n // self.shards)

    def owned(self, rank: int) -> range:
        """The shards of a rank."""
        return range(rank * self.shards // self.ranks, (rank + 1) * self.shards // self.ranks)

    @property
    def own(self) -> range:
        """The shards of this rank."""
        return self.owned(self.rank)

    def nodes(self, rank: int) -> list[Node]:
        """The largest subtrees of a rank, in order."""
        return subtrees(self.owned(rank))

    @property
    def most_nodes(self) -> int:
        """How many subtrees a rank has at most."""
        return max(len(self.nodes(rank)) for rank in range(self.ranks))


def subtrees(shards: range) -> list[Node]:
    """The fewest subtrees that make up shards side by side."""
    found, first = [], shards.start
    while first < shards.stop:
        size = 1
        while first % (2 * size) == 0 and first + 2 * size <= shards.stop:
            size *= 2
        found.append((first, size))
        first += size
    return found


def are_siblings(left: Node, right: Node) -> bool:
    """Whether two subtrees make a larger one."""
    return left[1] == right[1] and left[0] + left[1] == right[0] and left[0] % (2 * left[1]) == 0


def complete(parts: Mapping[Node, Sum], node: Node, add: Callable[[Sum, Sum], Sum]) -> Sum:
    """The sum of a subtree whose parts are there."""
    found = parts.get(node)
    if found is not None:
        return found
    first, half = node[0], node[1] // 2
    return add(complete(parts, (first, half), add), complete(parts, (first + half, half), add))
