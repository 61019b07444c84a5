"""What a training step would take on many ranks, from what was measured on few.

A rank computes its share of the shards one after another, then all update alike. Each half of the exchange sends
(P - 1) / P of the gradient from each of P ranks, in P - 1 messages for each block, all of which are posted at once:

    half(P)     = (P - 1) / P * bytes / bandwidth + blocks * (P - 1) * overhead + latency
    exchange(P) = 2 half(P) + bytes / additions
    step(P)     = ceil(shards / P) * shard + update + exchange(P) - hidden + log2(P) * latency

hidden is what the last shard's backward pass covers: all blocks but the last, for at most half of a shard's time. The
term with log2(P) is the small allgather of losses and counts. Contention in the network, slow ranks and the reading of
data are not in it, so it is the best that can be hoped for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

BLOCK = 2**20  # bytes, as DataParallel sends them
OVERHEAD = 2e-6  # seconds that a rank's processor takes to post the sending and the receiving of a message
ADDITIONS = 15e9  # bytes of partial sums that a core adds up in a second: np.add in place, 2 cores of a Xeon


@dataclass(frozen=True)
class Job:
    """A network: seconds for the gradients of one shard, seconds of an update, and bytes of the gradient."""

    name: str
    shard: float
    update: float
    bytes: float


@dataclass(frozen=True)
class Link:
    """A network between machines: gigabits in a second, each way, and seconds from one rank to another."""

    gigabits: float
    latency: float

    @property
    def bandwidth(self) -> float:
        """Bytes in a second."""
        return self.gigabits * 1e9 / 8


# bench/ranks.py on 2 cores of a Xeon with AVX-512 (November 2026): a shard is an eighth of the batch
MEASURED = (
    Job("CNN 32-64-128 BatchNorm, shards of 8", 4.28e-3, 0.054e-3, 0.46e6),
    Job("CNN 32-64 + Dense 128, shards of 8", 6.24e-3, 0.84e-3, 4.80e6),
    Job("MLP 784-512-512-10, shards of 16", 1.03e-3, 0.465e-3, 2.68e6),
    Job("LSTM T50 I32 H128, shards of 8", 1.77e-3, 0.039e-3, 0.34e6),
)
# what is usual for TCP on Ethernet, and for RDMA on Ethernet or InfiniBand
LINKS = (Link(25, 30e-6), Link(100, 3e-6), Link(400, 2e-6))
RANKS = (8, 16, 32, 64, 128, 256, 512, 1024)


def exchange(job: Job, link: Link, ranks: int) -> float:
    """Seconds for the gradients of all ranks to become one."""
    if ranks == 1:
        return 0.0
    messages = math.ceil(job.bytes / BLOCK) * (ranks - 1)
    half = (ranks - 1) / ranks * job.bytes / link.bandwidth + messages * OVERHEAD + link.latency
    return 2 * half + job.bytes / ADDITIONS


def step(job: Job, link: Link, shards: int, ranks: int) -> float:
    """Seconds of a step on a batch of so many shards."""
    blocks, sent = math.ceil(job.bytes / BLOCK), exchange(job, link, ranks)
    hidden = min(sent * (1 - 1 / blocks), job.shard / 2)
    return math.ceil(shards / ranks) * job.shard + job.update + sent - hidden + math.log2(ranks) * link.latency


def efficiency(job: Job, link: Link, shards: int, ranks: int) -> float:
    """How much faster than one rank so many are, for each of them: 1 at best."""
    return step(job, link, shards, 1) / step(job, link, shards, ranks) / ranks


def rows(
    shards: int = 1024,
    jobs: Sequence[Job] = MEASURED,
    links: Sequence[Link] = LINKS,
    ranks: Sequence[int] = RANKS,
) -> list[list[str]]:
    """A table of efficiencies, with its head; the last column: the most of these ranks that are half idle at worst."""
    found = [["network", "Gbit/s", *map(str, ranks), "pays up to"]]
    for job in jobs:
        for link in links:
            shares = [efficiency(job, link, shards, P) for P in ranks]
            most = max((P for P, share in zip(ranks, shares, strict=True) if share >= 0.5), default=1)
            found.append([job.name, f"{link.gigabits:g}", *(f"{share:.0%}" for share in shares), str(most)])
    return found
