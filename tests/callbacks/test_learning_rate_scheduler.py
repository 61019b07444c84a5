import pytest

from numbanet import optimizers, schedules
from numbanet.callbacks import Callback, LearningRateScheduler
from numbanet.errors import ArgumentError
from tests.models import LABELS, X, model, same


class Rates(Callback):
    """The learning rate of each step, and what the logs say of each epoch's."""

    def __init__(self):
        self.steps, self.epochs = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(self.model.optimizer.learning_rate)

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(logs["learning_rate"])


@pytest.mark.parametrize(
    "schedule", [lambda epoch, rate: rate if epoch == 0 else rate / 2, lambda epoch: 0.5 * 0.5**epoch]
)
def test_it_sets_the_rate_before_each_epoch(schedule, capsys):
    m, seen = model(optimizers.SGD(0.5)), Rates()
    m.fit(X, LABELS, 11, 3, callbacks=[LearningRateScheduler(schedule, verbose=1), seen], verbose=0)
    assert seen.steps == [0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
    assert seen.epochs == [0.5, 0.25, 0.125]
    said = [
        f"epoch {k}: LearningRateScheduler sets the learning rate to {rate}" for k, rate in enumerate(seen.epochs, 1)
    ]
    assert capsys.readouterr().out.splitlines() == said


def test_the_rate_is_the_one_that_trains():
    a, b = model(optimizers.SGD(0.5)), model(optimizers.SGD(0.125))
    a.fit(X, LABELS, 11, 2, callbacks=[LearningRateScheduler(lambda epoch, rate: 0.125)], verbose=0)
    b.fit(X, LABELS, 11, 2, verbose=0)
    assert same(a, b)


@pytest.mark.parametrize("rate", [0, -1.0, float("nan"), None, "0.1"])
def test_a_rate_must_be_a_positive_number(rate):
    words = "LearningRateScheduler: what schedule returns for epoch 0 must be a positive number"
    with pytest.raises(ArgumentError, match=words):
        model().fit(X, LABELS, callbacks=[LearningRateScheduler(lambda epoch, before: rate)], verbose=0)


def test_an_error_of_the_schedule_is_its_own():
    def schedule(epoch, rate):
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        model().fit(X, LABELS, callbacks=[LearningRateScheduler(schedule)], verbose=0)


def test_what_it_refuses():
    with pytest.raises(ArgumentError, match="LearningRateScheduler: schedule must be a function"):
        LearningRateScheduler(0.1)
    m = model(optimizers.SGD(schedules.ExponentialDecay(0.1, 10, 0.5)))
    with pytest.raises(ArgumentError, match=r"LearningRateScheduler: expected an optimizer.*ExponentialDecay"):
        m.fit(X, LABELS, callbacks=[LearningRateScheduler(lambda epoch, rate: rate)], verbose=0)
    assert m.epochs_trained == 0
