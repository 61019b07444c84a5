"""The sums of a rank's shards so far, one for each subtree that is not yet part of a larger one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .tree import Node, are_siblings

Arrays = tuple[Any, ...]  # what is summed: the gradient, how other values moved, and what is reported


class Pile:
    """Leaves come one after another, each in the same arrays; what is kept is copied.

    `entries`: subtrees in order with their sums.
    """

    def __init__(self, like: Arrays) -> None:
        self._like = like
        self._free: list[Arrays] = []
        self.entries: list[tuple[Node, Arrays]] = []

    def clear(self) -> None:
        """Begin anew."""
        self._free += [arrays for _, arrays in self.entries]
        self.entries.clear()

    def add(self, shard: int, leaf: Arrays) -> None:
        """Take a shard's arrays."""
        node = (shard, 1)
        if self.entries and are_siblings(self.entries[-1][0], node):
            self._join(leaf)
            while len(self.entries) > 1 and are_siblings(self.entries[-2][0], self.entries[-1][0]):
                _, arrays = self.entries.pop()
                self._join(arrays)
                self._free.append(arrays)
        else:
            kept = self._free.pop() if self._free else tuple(np.empty_like(a) for a in self._like)
            for place, a in zip(kept, leaf, strict=True):
                place[...] = a
            self.entries.append((node, kept))

    def _join(self, right: Arrays) -> None:
        """The last entry becomes its sum with the sibling on its right."""
        (first, size), left = self.entries[-1]
        for a, b in zip(left, right, strict=True):
            np.add(a, b, out=a)
        self.entries[-1] = ((first, 2 * size), left)

    def close(self, shard: int) -> tuple[Node, Sequence[Arrays]]:
        """The last leaf's subtree, and what is to be added to the leaf, in order, to make its sum; both are out."""
        node, chain = (shard, 1), []
        while self.entries and are_siblings(self.entries[-1][0], node):
            (first, size), arrays = self.entries.pop()
            chain.append(arrays)
            node = (first, 2 * size)
        self._free += chain  # they stay as they are until the next batch's first shard
        return node, chain
