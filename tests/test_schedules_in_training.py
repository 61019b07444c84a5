"""Schedules in an optimizer, and the rates that training uses."""

import json
import math

import numpy as np
import pytest

import numbanet as nn
from numbanet import callbacks, config, layers, optimizers, schedules
from numbanet.errors import ArgumentError
from tests.models import LABELS, X, model, refuses, same

NAN = float("nan")


def test_an_optimizer_with_a_schedule_survives_its_config():
    optimizer = optimizers.AdamW(schedules.CosineDecay(0.1, 7), weight_decay=0.25)
    plain = json.loads(json.dumps(config.plain(optimizer)))
    assert plain["config"]["learning_rate"]["class_name"] == "CosineDecay"
    again = optimizers.get(plain)
    assert again.schedule == optimizer.schedule
    assert again.get_config() == optimizer.get_config()
    assert "learning_rate=CosineDecay(initial_learning_rate=0.1, decay_steps=7" in repr(again)
    assert optimizers.Adam(0.1).schedule is None


def test_a_rate_that_a_schedule_gives_cannot_be_set():
    optimizer = optimizers.SGD(schedules.StepDecay(0.1, 7))
    with pytest.raises(ArgumentError, match=r"SGD: learning_rate comes from StepDecay\(.*cannot be set"):
        optimizer.learning_rate = 0.01
    assert optimizer.learning_rate == 0.1


@pytest.mark.parametrize("value", ["0.1", None, schedules.Constant, lambda step: 0.1, [0.1]])
def test_what_is_no_rate_is_refused(value):
    refuses(lambda: optimizers.Adam(value), "Adam: learning_rate", "a positive number or", "schedules")


def test_a_dict_must_name_a_schedule():
    refuses(lambda: optimizers.Adam({"class_name": "CosinDecay", "config": {}}), "Adam", "Did you mean 'CosineDecay'?")
    refuses(lambda: optimizers.Adam({"rate": 0.1}), "Adam", "learning_rate")


class Halving(schedules.Schedule):
    """A user's own; it writes down what it was asked for."""

    def __init__(self, start):
        self.start = start
        Halving.asked = []

    def __call__(self, step):
        Halving.asked.append(step)
        return self.start / 2**step


class Broken(schedules.Schedule):
    """Good until step 2."""

    def __init__(self, value):
        self.value = value

    def __call__(self, step):
        return 0.1 if step < 2 else self.value


def test_a_schedule_of_the_users():
    optimizer = optimizers.get(config.plain(optimizers.SGD(Halving(0.5))))
    assert repr(optimizer.schedule) == "Halving(start=0.5)"
    m = model(optimizer)
    assert Halving.asked == [0]  # the constructor asks, to see that it works
    m.fit(X, LABELS, 8, 2, verbose=0)
    assert Halving.asked == [0, *range(6)]


@pytest.mark.parametrize("value", [-0.1, NAN, math.inf, None, "0.1"])
def test_a_schedule_that_gives_no_rate_is_named_with_its_step(value):
    m = model(optimizers.SGD(Broken(value)))
    m.train_on_batch(X, LABELS)
    m.train_on_batch(X, LABELS)
    before = m.get_weights()
    refuses(lambda: m.train_on_batch(X, LABELS), "SGD: learning_rate", "at step 2 of Broken(", repr(value))
    assert same(m, before)


def test_a_schedule_without_a_call_is_refused():
    with pytest.raises(TypeError, match=r"must define __call__\(step\)"):
        optimizers.SGD(schedules.Schedule())


class Watch(callbacks.Callback):
    """Writes the weight and the rate down after each step."""

    def __init__(self):
        self.weights, self.rates = [], []

    def on_train_begin(self, logs=None):
        self.weights.append(self.model.get_weights()[0].item())

    def on_train_batch_end(self, batch, logs=None):
        self.weights.append(self.model.get_weights()[0].item())
        self.rates.append(self.model.optimizer.learning_rate)


class SetsTheRate(callbacks.Callback):
    """The rate by hand, before each step."""

    def __init__(self, schedule):
        self.schedule, self.done = schedule, 0

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = self.schedule(self.done)
        self.done += 1


ONES, FAR = np.ones((7, 1)), np.full((7, 1), 1e3)


def one_weight(schedule, device="cpu"):
    """y = w x at x = 1, far below its target: the gradient of the absolute error is -1, the step is the rate."""
    m = nn.Sequential([layers.Dense(1, use_bias=False)])
    m.build((1,), device, "float64")
    m.compile(optimizers.SGD(schedule), "mae")
    return m


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_fit_makes_each_step_with_its_rate_and_a_second_fit_goes_on(device):
    schedule = schedules.CosineDecay(0.0, 9, 0.1, warmup_target=0.5, warmup_steps=3)
    m, watch = one_weight(schedule, device), Watch()
    m.fit(ONES, FAR, 3, 2, callbacks=[watch], verbose=0)  # three steps an epoch, the last one short
    first, watch.weights = np.diff(watch.weights), []
    m.fit(ONES, FAR, 3, 3, callbacks=[watch], verbose=0)
    expected = [schedule(step) for step in range(15)]
    assert watch.rates == expected
    np.testing.assert_allclose([*first, *np.diff(watch.weights)], expected, atol=1e-14)


def test_train_on_batch_makes_each_step_with_its_rate():
    schedule = schedules.ExponentialDecay(0.5, 4, 0.6)
    m, weights = one_weight(schedule), []
    for step in range(9):
        weights.append(m.get_weights()[0].item())
        # by both of its ways, with what trains nothing in between
        m.train_on_batch(ONES, FAR, *([np.ones(7)] if step % 2 else []))
        m.evaluate(ONES, FAR)
        m.gradients(ONES, FAR)
        m.loss_value(ONES, FAR, training=True)
        assert m.optimizer.learning_rate == schedule(step)
    weights.append(m.get_weights()[0].item())
    np.testing.assert_allclose(np.diff(weights), [schedule(step) for step in range(9)], atol=1e-14)


@pytest.mark.parametrize("make", [optimizers.SGD, optimizers.AdamW])
def test_the_bits_are_those_of_rates_set_by_hand(make):
    schedule = schedules.OneCycle(0.05, 12)
    a, b = model(make(schedule), 0.5), model(make(0.1), 0.5)
    a.fit(X, LABELS, 8, 4, verbose=0)
    b.fit(X, LABELS, 8, 4, callbacks=[SetsTheRate(schedule)], verbose=0)
    assert same(a, b)
    constant = model(make(0.05), 0.5)
    constant.fit(X, LABELS, 8, 4, verbose=0)
    assert not same(a, constant)


def test_models_that_share_a_schedule_count_their_own_steps():
    schedule = schedules.StepDecay(0.5, 2)
    shared = optimizers.SGD(schedule)
    a, b, alone = model(shared), model(shared), model(optimizers.SGD(schedule))
    for _ in range(5):
        a.train_on_batch(X, LABELS)
        alone.train_on_batch(X, LABELS)
    assert same(a, alone)
    b.train_on_batch(X, LABELS)
    assert shared.learning_rate == 0.5
    a.train_on_batch(X, LABELS)
    alone.train_on_batch(X, LABELS)
    assert same(a, alone)


def test_compile_begins_the_schedule_anew():
    schedule = schedules.ExponentialDecay(0.5, 1, 0.5)
    m = one_weight(schedule)
    for _ in range(3):
        m.train_on_batch(ONES, FAR)
    assert m.optimizer.learning_rate == 0.125
    m.compile(optimizers.SGD(schedule), "mae")
    m.train_on_batch(ONES, FAR)
    assert m.optimizer.learning_rate == 0.5
