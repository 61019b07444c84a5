"""EarlyStopping: Keras's decisions on recorded series, and the weights that come back."""

import contextlib
import math

import numpy as np
import pytest

from numbanet.callbacks import Callback, EarlyStopping
from numbanet.errors import ArgumentError
from tests.callbacks.series import Model, begun, recorded, stored
from tests.callbacks.test_base import Recorder
from tests.models import LABELS, X, model, same


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


STOPS = [  # arguments, values by epoch, the epoch that stops, the best epoch
    ({}, [3, 2, 1], None, 2),
    ({}, [3, 2, 2, 1], 2, 1),
    ({}, [math.nan, 1, 2], 2, 1),
    ({"patience": 2}, [math.nan, math.nan, 1, 0.5], 1, None),
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
    ({"baseline": 1.0, "patience": 2}, [3, 2, 1.5, 1.5], 3, 2),
    ({"baseline": 1.0, "patience": 2}, [3, 0.9, 0.8, 0.8, 0.7], None, 4),
    ({"baseline": 1.0, "patience": 2, "min_delta": 0.5}, [3, 0.9, 0.6], 2, 1),
    ({"baseline": 0.5, "mode": "max", "patience": 3}, [0.1, 0.2, 0.3, 0.3], 3, 2),
    ({"start_from_epoch": 3}, [1, 9, 9, 8, 7, 7, 1], 5, 4),
    ({"start_from_epoch": 3, "patience": 2}, [1, 2, 3, 9, 9, 9], 5, 3),
]


@pytest.mark.parametrize(("arguments", "values", "stopped", "best"), STOPS)
def test_early_stopping(arguments, values, stopped, best):
    callback = EarlyStopping(**arguments)
    for _ in range(2):  # the second fit begins anew
        begun(callback, Model(), names=[callback.monitor])
        for epoch, value in enumerate(values):
            callback.on_epoch_end(epoch, {callback.monitor: value})
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
    stop = EarlyStopping("score", patience=patience, mode="min", restore_best_weights=restore)
    with pytest.raises(type(raises)) if raises else contextlib.nullcontext():
        m.fit(X, LABELS, 5, len(scores), callbacks=[script, stop], verbose=0)
    assert len(script.weights) > 2
    assert not same(script.weights[1], script.weights[-1])
    assert same(m, script.weights[1 if restore else -1])


def test_without_a_better_epoch_the_first_judged_is_the_best():
    m, script = model(), Scripted([math.nan] * 3)
    stop = EarlyStopping("score", mode="min", patience=3, restore_best_weights=True, start_from_epoch=1)
    m.fit(X, LABELS, 5, 3, callbacks=[script, stop], verbose=0)
    assert same(m, script.weights[1])
    assert stop.best_epoch == 1


def decided(mode, values, options, cut=None):
    """Stopping epoch, best epoch and last weights; with a cut, half of it by a callback with the other's state."""
    m, callback = Model(), EarlyStopping("score", mode=mode, **options)
    begun(callback, m)
    stopped = None
    for m.weights, value in enumerate(values):
        if m.weights == cut:
            m.stop_training, fresh = False, EarlyStopping("score", mode=mode, **options)
            callback = begun(fresh, m, stored(callback.get_state()))
        callback.on_epoch_end(m.weights, {"score": value})
        if m.stop_training:
            stopped = m.weights
            break
    callback.on_train_end()
    return [stopped, callback.best_epoch, m.weights]


def test_it_decides_as_keras_on_recorded_series():
    cases = list(recorded("early_stopping"))
    # to Keras a NaN that comes first is the best for ever
    cases = [case for case in cases if not math.isnan(case[1][case[2].get("start_from_epoch", 0)])]
    assert len(cases) == 217
    assert [decided(*case) for *case, _ in cases] == [decision for *_, decision in cases]
    assert 50 < sum(stopped is not None for *_, (stopped, _, _) in cases) < 217, "some stop, some do not"


@pytest.mark.parametrize("cut", [1, 5, 11, 19])
def test_its_state_carries_every_decision_over_a_break(cut):
    for *case, _ in recorded("early_stopping"):
        assert decided(*case, cut=cut) == decided(*case)


def test_a_state_after_the_stop_stops():
    m, callback = Model(), EarlyStopping("score", mode="min")
    begun(callback, m)
    for m.weights, value in enumerate((1, 2)):
        callback.on_epoch_end(m.weights, {"score": value})
    other = Model()
    begun(EarlyStopping("score", mode="min"), other, stored(callback.get_state()))
    assert m.stop_training
    assert other.stop_training


def test_the_weights_of_a_real_model_are_in_its_state():
    m, script = model("adam"), Scripted([3, 1, 2])
    stop = EarlyStopping("score", mode="min", patience=5, restore_best_weights=True)
    m.fit(X, LABELS, 5, 3, callbacks=[script, stop], verbose=0)
    fresh = begun(EarlyStopping("score", mode="min", restore_best_weights=True), model(), stored(stop.get_state()))
    fresh.on_train_end()
    assert same(fresh.model, script.weights[1])


def test_a_name_that_says_nothing_wants_a_mode_before_anything_is_trained():
    callback = EarlyStopping("f1")
    with pytest.raises(ArgumentError, match=r"mode must be 'min' or 'max' for monitor 'f1'.*Received: mode='auto'"):
        begun(callback, Model(), names=["loss", "f1"])
    begun(callback, Model())
    with pytest.raises(ArgumentError, match="mode must be"):
        callback.on_epoch_end(0, {"f1": 0.5})


def test_an_array_is_no_monitor():
    with pytest.raises(ArgumentError, match=r"must be a number by epoch. Received: 'score', an array \(2, 2\)"):
        begun(EarlyStopping("score", mode="min"), Model()).on_epoch_end(0, {"score": np.eye(2)})


def test_it_says_what_it_does(capsys):
    m, callback = Model(), EarlyStopping("score", mode="min", verbose=1, restore_best_weights=True)
    begun(callback, m)
    for m.weights, value in enumerate((2, 1, 3)):
        callback.on_epoch_end(m.weights, {"score": value})
    callback.on_train_end()
    assert capsys.readouterr().out == (
        "epoch 3: EarlyStopping ends the training\nEarlyStopping restores the weights of epoch 2\n"
    )
    assert m.weights == 1
