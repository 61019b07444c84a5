import pytest

from numbanet.callbacks import LambdaCallback
from numbanet.errors import ArgumentError
from tests.callbacks.test_base import HOOKS, Recorder
from tests.checkpoints import Stop, stopped
from tests.models import LABELS, X, model


def test_it_calls_each_function_where_a_callback_would_be_called():
    calls, recorder = [], Recorder()

    def hook(name):
        def called(*arguments):
            *place, logs = arguments
            calls.append((" ".join([name, *map(str, place)]), sorted(logs)))

        return called

    both = [LambdaCallback(**{f"on_{name}": hook(name) for name in HOOKS}), recorder]
    model().fit(X, LABELS, 11, 2, callbacks=both, verbose=0)
    assert [call for call, _ in calls] == recorder.calls[1:]
    names = {call.split()[0]: logs for call, logs in calls}
    known = ["accuracy", "loss"]
    assert names == {n: known if n in ("train_batch_end", "epoch_end", "train_end") else [] for n in HOOKS}


def test_what_a_function_adds_to_the_logs_those_behind_it_see():
    found = []
    add = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(score=epoch))
    look = LambdaCallback(on_epoch_end=lambda epoch, logs: found.append(logs["score"]))
    model().fit(X, LABELS, 11, 2, callbacks=[add, look], verbose=0)
    assert found == [0, 1]


def test_it_calls_functions_at_validation_and_after_ctrl_c():
    calls = []
    hooks = LambdaCallback(
        on_test_begin=lambda logs: calls.append(("test_begin", logs)),
        on_test_end=lambda logs: calls.append(("test_end", logs)),
        on_interrupt=lambda: calls.append("interrupt"),
        on_train_end=lambda logs: calls.append("train_end"),
    )
    assert not hooks.watches_batches
    stopped(model(), Stop("train_batch_end", 6), callbacks=[hooks], validation_data=(X, LABELS))
    assert calls == [("test_begin", {}), ("test_end", {}), "interrupt", "train_end"]


def test_what_it_refuses():
    with pytest.raises(ArgumentError, match=r"LambdaCallback: on_epoch_end must be a function. Received: .*=3"):
        LambdaCallback(on_epoch_end=3)
