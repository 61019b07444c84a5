"""Ctrl-C while a model trains."""

import signal
import subprocess
import sys
import threading

import pytest

from numbanet.callbacks import Callback, LambdaCallback, ModelCheckpoint
from numbanet.interrupts import Interrupted, Interrupts
from numbanet.io.checkpoint import file_name
from tests.checkpoints import FIT, Stop, stopped
from tests.models import LABELS, X, model, same


@pytest.fixture(autouse=True)
def usual_handler():
    """A shell ignores Ctrl-C for what runs in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def within(done, *actions):
    """Do all of it where Ctrl-C is taken note of; `done` says how many were."""
    with Interrupts() as interrupts:
        for action in actions:
            action(interrupts)
            done.append(action)


def press(interrupts=None):
    signal.raise_signal(signal.SIGINT)


def check(interrupts):
    interrupts.check()


def fail(interrupts):
    raise ValueError("of the code")


@pytest.mark.parametrize(
    ("actions", "error", "count"),
    [
        ([check, press, check], Interrupted, 2),
        ([press], KeyboardInterrupt, 1),  # which nobody asked for
        ([press, press], KeyboardInterrupt, 1),  # the second breaks in
        ([press, fail], ValueError, 1),
    ],
)
def test_when_ctrl_c_is_raised(actions, error, count):
    done = []
    with pytest.raises(error) as caught:
        within(done, *actions)
    assert type(caught.value) is error
    assert len(done) == count
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_programs_own_stays():
    pressed = []
    signal.signal(signal.SIGINT, lambda *_: pressed.append(1))
    m = model()
    m.fit(X, LABELS, callbacks=[Stop("train_batch_end", 1)], **FIT)
    assert len(pressed) == m.steps_trained == 15


def test_another_thread_trains_without_it():
    m, errors = model(), []

    def train():
        try:
            m.fit(X, LABELS, **FIT)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert not errors
    assert m.steps_trained == 15


@pytest.mark.parametrize("steps", [0, 6, 14])
def test_fit_ends_after_the_step_that_runs(steps):
    calls = []

    class Hears(Callback):
        def on_interrupt(self):
            calls.append(("interrupt", self.model.steps_trained))

        def on_train_end(self, logs=None):
            calls.append(("end", self.model.steps_trained))

    m = stopped(model("adam"), Stop("train_batch_begin", steps), callbacks=[Hears()])
    assert calls == [("interrupt", steps + 1), ("end", steps + 1)]
    assert m.epochs_trained == steps // 5
    assert not m.stop_training
    m.fit(X, LABELS, **FIT)  # it can go on
    assert m.steps_trained == steps + 16


def test_ctrl_c_in_the_validation_leaves_the_training_as_it_was(tmp_path):
    saver = ModelCheckpoint(tmp_path)
    m = stopped(model("adam"), Stop("test_begin", 1), callbacks=[saver], validation_data=(X, LABELS))
    assert (m.steps_trained, m.epochs_trained) == (5, 0)
    assert (tmp_path / file_name(5)).exists()
    other = model("adam")
    other.fit(X, LABELS, **FIT | {"epochs": 1})
    assert same(m, other)


def test_two_quick_ones_leave_no_checkpoint_of_a_step_that_was_not_finished(tmp_path):
    twice = LambdaCallback(on_train_batch_end=lambda batch, logs: (press(), press()) if batch == 2 else None)
    m = model("adam")
    with pytest.raises(KeyboardInterrupt):
        m.fit(X, LABELS, callbacks=[twice, ModelCheckpoint(tmp_path)], **FIT)
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


TRAINS = """
import signal, sys
from numbanet.callbacks import ModelCheckpoint
from tests.checkpoints import FIT, Stop
from tests.models import LABELS, X, model
signal.signal(signal.SIGINT, signal.default_int_handler)
model().fit(X, LABELS, callbacks=[ModelCheckpoint(sys.argv[1]), Stop("train_batch_end", 3)], **FIT)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_a_program_ends_as_python_ends_after_ctrl_c(tmp_path):
    result = subprocess.run([sys.executable, "-c", TRAINS, str(tmp_path)], capture_output=True, text=True)
    assert result.returncode == -signal.SIGINT, result.stderr
    assert result.stderr.rstrip().endswith("KeyboardInterrupt")
    assert [path.name for path in tmp_path.iterdir()] == [file_name(3)]
