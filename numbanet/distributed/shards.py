"""One training step on a batch of which this process has some shards."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..data.batches import Data
from ..errors import NonFiniteError
from ..step import Mode, Step
from ..steps import Steps
from .pile import Arrays, Pile
from .segments import Block, Segment, gradient_blocks, segments
from .team import Team
from .tree import Cut, complete

MODE = Mode(training=True, loss=True, report=True, gradients=True)


@dataclass(frozen=True)
class Part:
    """The rows that this process has of a batch of n samples; the first of them is number `first`."""

    data: Data
    n: int
    first: int

    def shard(self, bounds: Sequence[int], k: int) -> Data:
        """The rows of shard k."""
        return self.data.rows(slice(bounds[k] - self.first, bounds[k + 1] - self.first))


class ShardedStep:
    """Gradients of this process's shards, the sum of all ranks', and the update, which all ranks make alike.

    The loss of a batch is the mean over its samples, or over the steps of sequences that count. So a shard weighs as
    many of them as it has, in units of what the largest shard may have; the sum is divided by what there was in all.
    Each shard draws random numbers of its own, and starts with the running statistics from before the step; how it
    moves them is averaged as its gradient is.

    elements: of the gradient in a block that is sent while the backward pass goes on; None sends all of it at the end.
    """

    def __init__(self, steps: Steps, team: Team, cut: Cut, elements: int | None, guarded: bool) -> None:
        self._steps, self._team, self._cut, self._guarded = steps, team, cut, guarded
        self._exchange = team.exchange(cut)
        network = steps.network
        self._gradient, self._fixed = network.gradients.buffer, network.fixed
        self._before, self._moved = np.empty_like(self._fixed), np.empty_like(self._fixed)
        self._reported = np.zeros(sum(total.size for total in steps.totals))
        self._pile = Pile((self._gradient, self._moved, self._reported))
        self._starts = list(network.gradients.offsets.values())
        self.blocks = gradient_blocks(self._starts, self._gradient.size, elements)
        self._pieces: dict[tuple[Mode, int], tuple[Step, list[Segment]]] = {}
        self._every = (steps.optimizer.gradient_accumulation_steps if steps.optimizer else None) or 1
        self._update = steps.update_program(guarded)
        self._accumulate = steps.update_program(guarded, update=False) if self._every > 1 else self._update
        self.pressed: Callable[[], bool] = lambda: False  # whether Ctrl-C was pressed here
        self.ended = False  # whether it was pressed at any rank before the last step ended

    def run(self, part: Part) -> None:
        """Make the step. Raises NonFiniteError on all ranks, with the weights as they were."""
        steps, iteration = self._steps, self._steps.network.iteration
        count, totals = int(iteration[0]), [np.array(total) for total in steps.totals]
        self._before[...] = self._fixed
        self._pile.clear()
        steps.reserve(self._cut.most(part.n))
        try:
            for k in self._cut.own[:-1]:
                self._leaf(part, k, count)
                self._pile.add(k, (self._gradient, self._moved, self._reported))
            reported = self._last(part, self._cut.own[-1], count)
        finally:
            iteration[0] = count
            self._fixed[...] = self._before
            self._put_totals(totals)
        self._fixed += self._moved
        if not self._updated(count, math.isfinite(reported[0])):
            self._refuse(part, count, totals)
        places = np.split(reported, np.cumsum([total.size for total in totals])[:-1])
        self._put_totals([a + b.reshape(a.shape) for a, b in zip(totals, places, strict=True)])

    def _put_totals(self, values: Sequence[Any]) -> None:
        for total, value in zip(self._steps.totals, values, strict=True):
            total[...] = value

    def _updated(self, count: int, finite: bool) -> bool:
        """Update, unless what was summed is not finite."""
        optimizer, due = self._steps.optimizer, (count + 1) % self._every == 0
        if self._guarded and not finite:
            return False
        if due and optimizer is not None and optimizer.schedule is not None:
            optimizer.prepare(int(self._steps.updates[0]))
        program = self._update if due else self._accumulate
        program.run()
        stopped = program.stopped()
        program.stop[0] = 0
        return not stopped

    # --- shards

    def _begin(self, part: Part, k: int, count: int, guarded: bool = False) -> Step | None:
        """The step of shard k with its samples, random numbers and statistics; None where it has no samples."""
        steps, bounds = self._steps, self._cut.bounds(part.n)
        steps.network.iteration[0] = count * self._cut.shards + k
        self._fixed[...] = self._before
        steps.reset()
        if bounds[k] == bounds[k + 1]:
            for a in (self._gradient, self._moved, self._reported):
                a[...] = 0
            return None
        data = part.shard(bounds, k)
        step = steps.step(replace(MODE, lengths=data.masked, guarded=guarded), len(data))
        data.put(step)
        return step

    def _leaf(self, part: Part, k: int, count: int) -> None:
        """Leave what shard k comes to, weighted, in the gradient, in what moved and in what is reported."""
        step = self._begin(part, k, count)
        if step is not None:
            step.program.run()
            weight = self._weight(part, step)
            _scale(self._gradient, weight)
            self._end(step, weight)

    def _end(self, step: Step, weight: float) -> None:
        np.subtract(self._fixed, self._before, out=self._moved)
        _scale(self._moved, weight)
        np.concatenate([total.reshape(-1) for total in self._steps.totals], out=self._reported)
        step.weights[...] = 1  # as other steps, which share the array, expect it

    def _last(self, part: Part, k: int, count: int) -> Any:
        """The last shard, whose gradient is sent while its backward pass goes on. Returns what all ranks report."""
        step = self._begin(part, k, count)
        _, chain = self._pile.close(k)
        others = [arrays for _, arrays in self._pile.entries]
        masked = self._masked(part)
        scale = None if masked else self._cut.most(part.n) / part.n
        if step is None:
            self._send(self.blocks, 1.0, chain, others, scale)
        else:
            for segment in self._segments(part, step):
                segment.program.run()
                if segment.blocks:
                    self._send(segment.blocks, self._weight(part, step), chain, others, scale)
                self._exchange.advance()
            self._end(step, self._weight(part, step))
        for _, moved, reported in chain:
            self._moved += moved
            self._reported += reported
        rows = self._rows([arrays[2] for arrays in others])
        if self._moved.size:
            self._exchange.start([*(arrays[1] for arrays in others), self._moved], scale)
        received = self._team.sums(rows)
        self._exchange.finish()
        reported = self._completed(received())
        if masked:
            factor = self._unit(part) / reported[1] if reported[1] else 0.0
            _scale(self._gradient, factor)
            _scale(self._moved, factor)
        return reported

    def _send(
        self,
        blocks: Sequence[Block],
        weight: float,
        chain: Sequence[Arrays],
        others: Sequence[Arrays],
        scale: float | None,
    ) -> None:
        """Blocks of the last shard's gradient that are done, with those of the shards before it."""
        for first, last in blocks:
            block = self._gradient[first:last]
            _scale(block, weight)
            for arrays in chain:
                block += arrays[0][first:last]
            self._exchange.start([*(arrays[0][first:last] for arrays in others), block], scale)

    def _segments(self, part: Part, step: Step) -> list[Segment]:
        key = replace(MODE, lengths=part.data.masked), len(step.x)
        found = self._pieces.get(key)
        if found is None or found[0] is not step:
            found = self._pieces[key] = step, segments(step.program, self._gradient, self._starts, self.blocks)
        return found[1]

    # --- weights

    def _masked(self, part: Part) -> bool:
        """Whether the loss leaves out steps of sequences."""
        return self._steps.network.chain.gives_mask(part.data.masked)

    def _unit(self, part: Part) -> int:
        """What the largest shard has at most: samples, or steps of their sequences."""
        return self._cut.most(part.n) * (self._steps.rows if self._masked(part) else 1)

    def _weight(self, part: Part, step: Step) -> float:
        """What a shard counts, once its forward pass is done."""
        n = len(step.x)
        if self._masked(part):
            n = int(np.count_nonzero(self._steps.network.ends(n, True, part.data.masked).output_mask))
        return n / self._unit(part)

    # --- what ranks report

    def _rows(self, others: Sequence[Any]) -> Any:
        """What this rank's subtrees come to, in rows, and whether it was interrupted."""
        rows = np.zeros((self._cut.most_nodes, self._reported.size + 1))
        for row, reported in zip(rows, [*others, self._reported], strict=False):
            row[:-1] = reported
        rows[0, -1] = self.pressed()
        return rows

    def _completed(self, received: Any) -> Any:
        """The sum of all rows along the tree."""
        self.ended = bool(received[:, 0, -1].any())
        cut = self._cut
        parts = {node: received[rank, k] for rank in range(cut.ranks) for k, node in enumerate(cut.nodes(rank))}
        return complete(parts, (0, cut.shards), np.add)[:-1]

    def _refuse(self, part: Part, count: int, totals: Sequence[Any]) -> None:
        """Raises NonFiniteError: what the first shard that came to NaN or infinity says of it."""
        steps, found = self._steps, None
        try:
            for k in self._cut.own:
                step = self._begin(part, k, count, guarded=True)
                if step is not None:
                    step.run()
        except NonFiniteError as error:
            raw = f"step {count * self._cut.shards + k + 1}, "
            text = str(error).replace(raw, f"step {count + 1}, shard {k + 1} of {self._cut.shards}, ", 1)
            found = NonFiniteError(text, error.layer, count + 1, error.array, error.index, error.value)
        finally:
            steps.network.iteration[0] = count
            self._fixed[...] = self._before
            self._put_totals(totals)
            steps.restore_weights()
        errors = [error for error in self._team.gather(found) if error is not None]
        raise errors[0] if errors else steps.non_finite(count + 1, None)


def _scale(a: Any, factor: float) -> None:
    if factor != 1.0 and a.size:
        np.multiply(a, a.dtype.type(factor), out=a)
