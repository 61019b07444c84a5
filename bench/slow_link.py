"""Ranks whose gradients seem to go over a network: what was sent is there no earlier than such a link would bring it.

The link of a rank carries one block after another, each in its bytes / bandwidth, while the rank computes. So a
machine without a network shows how much of the way is hidden behind the backward pass.
"""

from __future__ import annotations

import time
from typing import Any

from numbanet.distributed.exchange import Block, Exchange, Sent
from numbanet.distributed.tree import Cut


class SlowRanks:
    """A team of ranks with links of so many gigabits in a second."""

    def __init__(self, team: Any, gigabits: float) -> None:
        self._team, self._bandwidth = team, gigabits * 1e9 / 8

    def __getattr__(self, name: str) -> Any:
        return getattr(self._team, name)

    def exchange(self, cut: Cut) -> Exchange:
        """The team's exchange over such links."""
        sent = self._team.exchange(cut)
        if isinstance(sent, Sent):
            sent.block = link(self._bandwidth)
        return sent


def link(bandwidth: float) -> type[Block]:
    """Blocks that one link brings, one after another."""
    free = 0.0  # when the link has brought all that it was given

    class SlowBlock(Block):
        def _begin(self) -> None:
            nonlocal free
            share = (self._cut.ranks - 1) / self._cut.ranks  # of the block, which this rank sends in each half
            free = max(free, time.perf_counter()) + share * self.result.nbytes / bandwidth
            self._due = free

        def send(self, comm: Any) -> None:
            super().send(comm)
            self._begin()

        def share(self, comm: Any) -> None:
            super().share(comm)
            self._begin()

        def arrived(self) -> bool:
            return super().arrived() and time.perf_counter() >= self._due

        def wait(self) -> None:
            super().wait()
            time.sleep(max(0.0, self._due - time.perf_counter()))

    return SlowBlock
