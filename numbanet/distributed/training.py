"""One fit of a model by several ranks: all go through it alike, and the first one writes and speaks."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, NoReturn

from ..callbacks import History
from ..data.batches import Batches
from ..errors import NonFiniteError
from ..interrupts import Interrupted, Interrupts
from ..progress import Progress
from ..steps import Steps
from ..training import Plan, Training
from .agreement import RanksDiffer, expect_alike, of_model, of_source, of_weights
from .feed import ShardedFeed, parts
from .judging import evaluate
from .team import Team
from .tree import Cut


class AgreedInterrupts(Interrupts):
    """Ctrl-C, which all ranks raise behind the same step: what waits for others cannot be broken off by one."""

    def __init__(self, feed: ShardedFeed) -> None:
        self._step = feed.step
        super().__init__()
        feed.step.pressed = lambda: self.pressed

    @property
    def at_once(self) -> bool:
        """Never: the others would wait."""
        return False

    @at_once.setter
    def at_once(self, value: bool) -> None:
        """Keep it so."""

    def check(self) -> None:
        """Raises Interrupted once Ctrl-C was pressed at any rank, and all know."""
        if self._step.ended:
            raise Interrupted


class SharedTraining(Training):
    """One fit, as Training, of which this process is one rank.

    What all ranks come to in the same way is raised by all of them; an error of one rank ends all.
    """

    def __init__(
        self, team: Team, cut: Cut, model: Any, steps: Steps, feed: ShardedFeed, validation: Batches | None, plan: Plan
    ) -> None:
        self.feed: ShardedFeed
        super().__init__(model, steps, feed, validation, plan if team.leads else replace(plan, verbose=0))
        self._team, self._cut, self._step = team, cut, feed.step
        if team.size > 1:
            self._interrupts = AgreedInterrupts(feed)

    def run(self) -> History:
        """Train to the last epoch, and return the history."""
        self._expect_one_beginning()
        if not self._team.leads:  # they keep their states, which resuming gives back
            self.callbacks = [c for c in self.callbacks if c.on_every_rank]
        with warnings.catch_warnings():
            if not self._team.leads:
                warnings.simplefilter("ignore")  # the first rank says it
            try:
                history = super().run()
                # behind the last epoch callbacks may have put other weights in place
                expect_alike(self._team, "ends", {"weights": of_weights(self.steps)})
                return history
            except BaseException as error:
                if isinstance(error, NonFiniteError | RanksDiffer) or self._step.ended:
                    raise
                self._team.end(error)

    def _interrupted(self, begun: Any) -> NoReturn:
        try:
            super()._interrupted(begun)
        finally:
            self._team.gather(None)  # no rank ends before the first one has written what it has to write

    def _run_epoch(self, progress: Progress) -> None:
        super()._run_epoch(progress)
        self._agree_on_the_end()

    def _say_where_it_goes_on(self) -> None:
        self._agree_on_the_end()  # a callback that begins, or was put back, may have ended it at one rank
        super()._say_where_it_goes_on()

    def _agree_on_the_end(self) -> None:
        self.model.stop_training = any(self._team.gather(bool(self.model.stop_training)))

    def _run_batches(self, progress: Progress) -> None:
        super()._run_batches(progress)
        expect_alike(self._team, "ends an epoch", {"weights": of_weights(self.steps)})

    def _judge(self, data: Batches) -> dict[str, Any]:
        return evaluate(self.steps, self._team, self._cut, parts(data, self._team, self._cut, done=self._done))

    def _expect_one_beginning(self) -> None:
        """Raises StateError where ranks begin with other weights, data or plans."""
        place = {"epochs": self.plan.epochs, "epoch": self.epoch, "batch": self.batch}
        data = {"data": self.feed.description, "rows": of_source(self.feed.source)}
        held = {"validation data": of_source(self.validation)}
        model = of_model(self.steps) | {"steps": self.model.steps_trained, "weights": of_weights(self.steps)}
        expect_alike(self._team, "begins", place | data | held | model | {"blocks": len(self._step.blocks)})
