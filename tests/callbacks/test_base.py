"""The hooks that fit calls, and when."""

import importlib

import pytest

from numbanet import callbacks
from numbanet.callbacks import Callback
from tests.models import LABELS, X, model

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


def test_the_base_has_no_state():
    assert Callback().get_state() == {}
    assert Callback().set_state({}) is None


def test_each_callback_is_one_file_and_one_public_name():
    for name in callbacks.__all__:
        home = importlib.import_module(getattr(callbacks, name).__module__) if name != "Logs" else callbacks
        assert getattr(home, name) is getattr(callbacks, name)


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


def test_each_callback_ends_though_one_fails():
    class Fails(Callback):
        def on_train_end(self, logs=None):
            raise RuntimeError("at the end")

    recorder = Recorder()
    with pytest.raises(RuntimeError, match="at the end"):
        model().fit(X, LABELS, callbacks=[Fails(), recorder], verbose=0)
    assert recorder.calls[-1].startswith("train_end")


def test_callbacks_know_how_many_steps_there_are():
    recorder = Recorder()
    model().fit(X, LABELS, 10, callbacks=[recorder], verbose=0)
    assert recorder.params["steps"] == -(-len(X) // 10)
