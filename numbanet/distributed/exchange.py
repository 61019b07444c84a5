"""The sum of all ranks' gradients, block by block, while the rest of the backward pass goes on.

A block is cut into one slice for each rank, its owner. Each rank sends its partial sums of a slice to the owner, who
completes the tree; then each sends its finished slice to all. That moves as many bytes as a reduce-scatter and an
allgather, but MPI's own reductions add in an order that depends on the number of ranks.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from .tree import Cut, complete

LINE = 16  # elements that slices are rounded to


class Exchange(Protocol):
    """Blocks are started in the same order by all ranks."""

    def start(self, sums: Sequence[Any], scale: float | None) -> None:
        """Begin with a block: the arrays of this rank's subtrees, of which the last becomes the result.

        scale: a factor of the result; None for none. No array may change before `finish`.
        """

    def advance(self) -> None:
        """Do what can be done without waiting."""

    def finish(self) -> None:
        """Wait until all blocks are there."""


class Kept:
    """The exchange of one rank, whose sum is that of all."""

    def start(self, sums: Sequence[Any], scale: float | None) -> None:
        """Scale the block."""
        _scale(sums[-1], scale)

    def advance(self) -> None:
        """Nothing is under way."""

    def finish(self) -> None:
        """Nothing is under way."""


def _scale(a: Any, factor: float | None) -> None:
    if factor not in (None, 1.0):
        np.multiply(a, a.dtype.type(factor), out=a)


def _bounds(size: int, cut: Cut) -> list[int]:
    """Where the slices of a block begin, and where the last one ends."""
    length = -(-size // (cut.ranks * LINE)) * LINE
    return [min(size, rank * length) for rank in range(cut.ranks + 1)]


class Block:
    """One block on its way. room (nodes of a rank, ranks, slice): for what the others send.

    Messages go from rank to rank: MPICH makes progress with them at every test, and with a nonblocking collective at
    one in a hundred, so that it would not begin before somebody waits for it (5.0).
    """

    def __init__(self, cut: Cut, sums: Sequence[Any], scale: float | None, room: Any) -> None:
        self._cut, self._sums, self._scale, self._room = cut, sums, scale, room
        self.result = sums[-1]
        self.key = self.result.size, self.result.dtype
        bounds = _bounds(self.result.size, cut)
        self._slices = [slice(*ends) for ends in itertools.pairwise(bounds)]
        self._count = bounds[cut.rank + 1] - bounds[cut.rank]  # elements of the own slice
        self._requests: list[Any] = []

    @property
    def _others(self) -> list[int]:
        """The other ranks, each beginning with the one behind it, so that not all begin with the same."""
        ranks, rank = self._cut.ranks, self._cut.rank
        return [(rank + k) % ranks for k in range(1, ranks)]

    def send(self, comm: Any) -> None:
        """Send what this rank has of each slice to its owner."""
        if self._count:
            received = [(rank, k) for rank in self._others for k, _ in enumerate(self._cut.nodes(rank))]
            self._requests = [comm.Irecv(self._room[k, rank, : self._count], rank) for rank, k in received]
        for rank in self._others:
            if (part := self._slices[rank]).start < part.stop:
                self._requests += [comm.Isend(a[part], rank) for a in self._sums]

    def arrived(self) -> bool:
        """Whether the half that is under way is done."""
        if self._requests and self._requests[0].Testall(self._requests):
            self._requests = []
        return not self._requests

    def wait(self) -> None:
        """Until then."""
        if self._requests:
            self._requests[0].Waitall(self._requests)
        self._requests = []

    def share(self, comm: Any) -> None:
        """Complete this rank's slice, and send it to all."""
        cut, own = self._cut, self._slices[self._cut.rank]
        parts = {node: a[own] for node, a in zip(cut.nodes(cut.rank), self._sums, strict=True)}
        for rank in self._others:
            parts |= {node: self._room[k, rank, : self._count] for k, node in enumerate(cut.nodes(rank))}
        total = complete(parts, (0, cut.shards), lambda a, b: np.add(a, b, out=a))
        _scale(total, self._scale)
        self.result[own] = total
        received = [rank for rank in self._others if self._slices[rank].start < self._slices[rank].stop]
        self._requests = [comm.Irecv(self.result[self._slices[rank]], rank) for rank in received]
        if self._count:
            self._requests += [comm.Isend(self.result[own], rank) for rank in self._others]


class Sent:
    """The exchange of several ranks.

    The two halves of a block go over communicators of their own, each in the order of blocks: a rank may be at the
    second half of one when another begins the next.
    """

    block = Block

    def __init__(self, to_owners: Any, to_all: Any, cut: Cut) -> None:
        self._cut, self._to_owners, self._to_all = cut, to_owners, to_all
        self._blocks: list[Block] = []
        self._room: dict[tuple[int, Any], list[Any]] = {}
        self._begun = 0  # blocks whose second half is under way

    def start(self, sums: Sequence[Any], scale: float | None) -> None:
        """Send this rank's sums of a block to the owners of its slices."""
        result = sums[-1]
        key = result.size, result.dtype
        used = sum(block.key == key for block in self._blocks)
        rooms = self._room.setdefault(key, [])
        if used == len(rooms):
            length = _bounds(result.size, self._cut)[1]
            rooms.append(np.empty((self._cut.most_nodes, self._cut.ranks, length), result.dtype))
        block = self.block(self._cut, sums, scale, rooms[used])
        self._blocks.append(block)
        block.send(self._to_owners)

    def advance(self) -> None:
        """Complete the slices that are there, in order, and send them to all."""
        for block in self._blocks[: self._begun]:
            block.arrived()
        while self._begun < len(self._blocks) and self._blocks[self._begun].arrived():
            self._blocks[self._begun].share(self._to_all)
            self._begun += 1

    def finish(self) -> None:
        """Wait until all blocks are there."""
        for block in self._blocks[self._begun :]:
            block.wait()
            block.share(self._to_all)
        for block in self._blocks:
            block.wait()
        self._blocks.clear()
        self._begun = 0
