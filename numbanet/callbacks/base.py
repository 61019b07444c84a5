"""The base of callbacks: Keras's hooks, and the state that a checkpoint keeps."""

from __future__ import annotations

from typing import Any

Logs = dict[str, Any]


class Callback:
    """The base of all callbacks: override the hooks you need. `self.model` is the model being trained.

    `logs` holds loss and metrics so far ("loss", "accuracy", "val_loss", ...); what a callback adds to them, those
    behind it in the list see. Setting `self.model.stop_training = True` ends training after the epoch.

    A callback that decides by what came before has a state. fit calls set_model, set_params and on_train_begin, which
    begins anew; where training is resumed, set_state follows and puts back what get_state gave, at an epoch's end or
    between two steps. From there on the callback does what it would have done without the break.
    """

    model: Any = None
    params: Any = None
    on_every_rank = True  # False: of several processes that train together, the first alone runs it, as it writes files

    def set_params(self, params: dict[str, Any]) -> None:
        """Called by fit: "epochs", "steps" of an epoch or None, "verbose", "metrics", the names in logs, "resumed".

        "resumed": the file or folder that training goes on from, as text; None for a new beginning.
        """
        self.params = params

    def set_model(self, model: Any) -> None:
        self.model = model

    def get_state(self) -> dict[str, Any]:
        """What set_state needs to go on from here: a flat dict of numpy arrays and JSON values, without NaN."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a state that get_state gave; called after on_train_begin."""

    @property
    def watches_batches(self) -> bool:
        """Whether on_train_batch_begin and on_train_batch_end have anything to do; if not, they are not called."""
        hooks = ("on_train_batch_begin", "on_train_batch_end")
        return any(getattr(type(self), hook) is not getattr(Callback, hook) for hook in hooks)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch, and where training ended by an exception."""

    def on_interrupt(self) -> None:
        """After Ctrl-C, between two steps, before on_train_end: the model is as the last step left it."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch; the first is 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch and its validation."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a step; the first of an epoch is 0."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a step."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before an epoch's validation."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After an epoch's validation, also where it was interrupted."""
