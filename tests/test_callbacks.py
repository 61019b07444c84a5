import contextlib
import math

import numpy as np
import pytest

from numbanet.callbacks import Callback, EarlyStopping, History, format_value
from numbanet.errors import ArgumentError
from tests.models import LABELS, X, model, same

HOOKS = ["train_begin", "train_end", "epoch_begin", "epoch_end", "train_batch_begin", "train_batch_end"]


class Recorder(Callback):
    """Writes its hooks down, with the names in their logs."""

    def __init__(self):
        self.calls, self.logs = [], []

    def set_model(self, model):
        super().set_model(model)
        self.calls.append("model")

    def __getattribute__(self, name):
        hook = name.removeprefix("on_")
        if hook not in HOOKS:
            return super().__getattribute__(name)

        def record(*arguments):
            number = arguments[0] if arguments and isinstance(arguments[0], int) else ""
            self.calls.append(f"{hook} {number}".strip())
            if arguments and isinstance(arguments[-1], dict):
                self.logs.append((hook, dict(arguments[-1])))

        return record


for _hook in HOOKS:
    setattr(Recorder, f"on_{_hook}", None)  # so that the class counts as one that overrides it


class Scripted(Callback):
    """Gives each epoch a score, and keeps its weights."""

    def __init__(self, scores, raises=None):
        self.scores, self.raises, self.weights = scores, raises, []

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append(self.model.get_weights())
        logs["score"] = self.scores[epoch]

    def on_epoch_begin(self, epoch, logs=None):
        if self.raises and epoch == len(self.scores) - 1:
            raise self.raises


def test_hooks_come_in_keras_order():
    recorder, m = Recorder(), model()
    m.fit(X, LABELS, 11, 2, validation_data=(X, LABELS), callbacks=[recorder], verbose=0)
    batch = ["train_batch_begin 0", "train_batch_end 0", "train_batch_begin 1", "train_batch_end 1"]
    epochs = [call for k in (0, 1) for call in (f"epoch_begin {k}", *batch, f"epoch_end {k}")]
    assert recorder.calls == ["model", "train_begin", *epochs, "train_end"]
    assert recorder.model is m


def test_hooks_get_logs():
    recorder, m = Recorder(), model()
    history = m.fit(X, LABELS, 11, 2, validation_data=(X, LABELS), callbacks=[recorder], verbose=0).history
    kinds = [hook for hook, _ in recorder.logs]
    batch = ["train_batch_end"] * 2
    assert kinds == [*batch, "epoch_end", *batch, "epoch_end", "train_end"]
    by_epoch = [{name: values[k] for name, values in history.items()} for k in (0, 1)]
    logs = [entry for _, entry in recorder.logs]
    assert [logs[2], logs[5], logs[6]] == [*by_epoch, by_epoch[1]]
    assert list(logs[0]) == ["loss", "accuracy"]
    assert logs[1] == {name: by_epoch[0][name] for name in ("loss", "accuracy")}, "the mean so far"
    assert logs[0] != logs[1]


def test_the_base_has_every_hook():
    for hook in HOOKS:
        arguments = () if hook in ("train_begin", "train_end") else (0,)
        assert getattr(Callback(), f"on_{hook}")(*arguments) is None


@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_train_batch_begin", "on_train_batch_end", "on_epoch_end"])
def test_stop_training_ends_after_the_epoch(hook):
    def stop(self, at, logs=None):
        self.model.stop_training = True

    stops, recorder, m = type("Stops", (Callback,), {hook: stop})(), Recorder(), model()
    history = m.fit(X, LABELS, 5, 4, callbacks=[stops, recorder], verbose=0)
    assert history.epoch == [0]
    assert recorder.calls.count("train_batch_end 4") == 1
    assert recorder.calls[-1] == "train_end"
    assert m.fit(X, LABELS, 5, 2, verbose=0).epoch == [0, 1], "another fit begins anew"


def test_history_says_where_it_ended():
    history = History()
    assert repr(history) == "History(0 epochs; last: )"
    history.on_epoch_end(0, {"loss": 2.0, "accuracy": 0.25})
    history.on_epoch_end(1, {"loss": 1.0, "accuracy": 0.5})
    assert repr(history) == "History(2 epochs; last: loss 1.0000  accuracy 0.5000)"
    assert history.history == {"loss": [2.0, 1.0], "accuracy": [0.25, 0.5]}
    assert history.epoch == [0, 1]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5000"),
        (0, "0.0000"),
        (9999.0, "9999.0000"),
        (12345.0, "1.234e+04"),
        (1e-4, "1.000e-04"),
        (-2e-5, "-2.000e-05"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (np.zeros((3, 3)), "array(3, 3)"),
    ],
)
def test_format_value(value, text):
    assert format_value(value) == text


# --- EarlyStopping

STOPS = [  # arguments, values by epoch, the epoch that stops, the best epoch
    ({}, [3, 2, 1], None, 2),
    ({}, [3, 2, 2, 1], 2, 1),
    ({}, [math.nan, 1], 0, None),
    ({"patience": 1}, [3, 2, 2, 1], 2, 1),
    ({"patience": 2}, [3, 2, 2.5, 1, 4, 4, 0], 5, 3),
    ({"patience": 2}, [3, 4, math.nan, 1], 2, 0),
    ({"patience": 2, "min_delta": 0.5}, [3, 2.6, 2.5, 1], 2, 0),
    ({"patience": 2, "min_delta": 0.5}, [3, 2.6, 2.4, 2, 1.9], 4, 2),
    ({"mode": "max"}, [1, 2, 3, 3, 4], 3, 2),
    ({"mode": "max", "min_delta": 1}, [1, 3, 4, 9], 2, 1),
    ({"mode": "min"}, [3, 2, 2], 2, 1),
    ({"monitor": "val_accuracy"}, [0.1, 0.2, 0.1], 2, 1),
    ({"monitor": "acc"}, [0.1, 0.2, 0.1], 2, 1),
    ({"monitor": "val_precision"}, [0.1, 0.2, 0.1], 2, 1),
    ({"monitor": "recall"}, [0.1, 0.2, 0.1], 2, 1),
    ({"monitor": "val_mae"}, [0.2, 0.1, 0.2], 2, 1),
    ({"monitor": "accuracy", "mode": "min"}, [0.2, 0.1, 0.2], 2, 1),
    ({"baseline": 1.0, "patience": 2}, [3, 2, 1.5], 1, 1),
    ({"baseline": 1.0, "patience": 2}, [3, 0.9, 0.8, 0.8, 0.7], None, 4),
    ({"baseline": 1.0, "patience": 2, "min_delta": 0.5}, [3, 0.9, 0.1], 1, 1),
    ({"baseline": 0.5, "mode": "max", "patience": 3}, [0.1, 0.2, 0.3], 2, 2),
    ({"start_from_epoch": 3}, [1, 9, 9, 8, 7, 7, 1], 5, 4),
    ({"start_from_epoch": 3, "patience": 2}, [1, 2, 3, 9, 9, 9], 5, 3),
]


class Anything:
    """A model as far as a callback without weights to restore needs one."""

    stop_training = False


@pytest.mark.parametrize(("arguments", "values", "stopped", "best"), STOPS)
def test_early_stopping(arguments, values, stopped, best):
    callback = EarlyStopping(**arguments)
    for _ in range(2):  # the second fit begins anew
        callback.set_model(Anything())
        callback.on_train_begin()
        for epoch, value in enumerate(values):
            callback.on_epoch_end(epoch, {arguments.get("monitor", "val_loss"): value})
            if callback.model.stop_training:
                break
        assert callback.stopped_epoch == stopped
        assert callback.model.stop_training == (stopped is not None)
        assert callback.best_epoch == best
        if best is not None:
            assert callback.best == values[best]


@pytest.mark.parametrize("monitor", ["val_loss", "val_accuracy", "val_nothing"])
def test_early_stopping_wants_validation_before_anything_is_trained(monitor):
    m, recorder = model(), Recorder()
    before = m.get_weights()
    words = rf"monitor '{monitor}' needs validation_data or a validation_split in fit.*loss, accuracy\.$"
    with pytest.raises(ArgumentError, match=words):
        m.fit(X, LABELS, callbacks=[EarlyStopping(monitor), recorder], verbose=0)
    assert same(m, before)
    assert m.epochs_trained == 0
    assert not any("epoch" in call or "batch" in call for call in recorder.calls)
    with pytest.raises(ArgumentError, match="needs validation_data"):
        m.fit(X, LABELS, callbacks=[recorder, EarlyStopping(monitor)], verbose=0)
    assert same(m, before)


@pytest.mark.parametrize("validation", [{"validation_split": 0.3}, {"validation_data": (X, LABELS)}])
def test_early_stopping_takes_either_validation(validation):
    m = model()
    assert m.fit(X, LABELS, epochs=2, callbacks=[EarlyStopping(patience=9)], verbose=0, **validation).epoch == [0, 1]
    with pytest.raises(ArgumentError, match="needs validation_data"):
        m.fit(X, LABELS, callbacks=[EarlyStopping()], verbose=0)


def test_early_stopping_wants_a_name_in_the_logs():
    for monitor, validation in (("los", {}), ("val_los", {"validation_data": (X, LABELS)})):
        m, recorder = model(), Recorder()
        with pytest.raises(ArgumentError, match=rf"must be one of .*'accuracy', 'loss'.* Received: '{monitor}'"):
            m.fit(X, LABELS, epochs=3, callbacks=[recorder, EarlyStopping(monitor)], verbose=0, **validation)
        assert recorder.calls[-2:] == ["epoch_end 0", "train_end"], "a callback may add it until the epoch's end"


@pytest.mark.parametrize(
    ("scores", "patience", "raises"),
    [
        ([3, 1, 2, 2, 0], 2, None),
        ([3, 1, 2], 5, None),
        ([3, 1, 2, 0], 5, ValueError("stop")),
        ([3, 1, 2, 0], 5, KeyboardInterrupt()),
    ],
    ids=["patience", "epochs", "exception", "interrupt"],
)
@pytest.mark.parametrize("restore", [False, True])
def test_the_best_weights_come_back_however_training_ends(scores, patience, raises, restore):
    m, script = model("adam"), Scripted(scores, raises)
    stop = EarlyStopping("score", patience=patience, restore_best_weights=restore)
    with pytest.raises(type(raises)) if raises else contextlib.nullcontext():
        m.fit(X, LABELS, 5, len(scores), callbacks=[script, stop], verbose=0)
    assert len(script.weights) > 2
    assert not same(script.weights[1], script.weights[-1])
    assert same(m, script.weights[1 if restore else -1])


def test_no_best_weights_where_nothing_was_good():
    m, script = model(), Scripted([math.nan, math.nan])
    m.fit(X, LABELS, 5, 2, callbacks=[script, EarlyStopping("score", patience=3, restore_best_weights=True)], verbose=0)
    assert same(m, script.weights[-1])
