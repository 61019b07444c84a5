"""Schedules by themselves: their rates beside PyTorch's and Keras's, and their arguments."""

import json
import warnings
from dataclasses import FrozenInstanceError
from fractions import Fraction

import numpy as np
import pytest

from numbanet import config, schedules
from tests.models import refuses

# recorded with keras 3.15.1 on JAX, floatx float64: the rate at some steps
KERAS = [
    ("PiecewiseConstantDecay", ([3, 7], [1.0, 0.5, 0.1]), {0: 1.0, 3: 1.0, 4: 0.5, 7: 0.5, 8: 0.1, 100: 0.1}),
    (
        "ExponentialDecay",
        (0.1, 7, 0.6),
        {0: 0.1, 1: 0.09296239874987813, 7: 0.06, 20: 0.02323520078060412, 300: 3.1059641954366333e-11},
    ),
    ("ExponentialDecay", (0.1, 7, 0.6, True), {0: 0.1, 6: 0.1, 7: 0.06, 20: 0.036, 300: 4.812298033983737e-11}),
    (
        "InverseTimeDecay",
        (0.1, 7, 0.6),
        {0: 0.1, 1: 0.09210526315789475, 7: 0.0625, 20: 0.0368421052631579, 300: 0.003743315508021391},
    ),
    (
        "InverseTimeDecay",
        (0.1, 7, 0.6, True),
        {0: 0.1, 6: 0.1, 7: 0.0625, 20: 0.045454545454545456, 300: 0.0038167938931297713},
    ),
    ("PolynomialDecay", (0.1, 10), {0: 0.1, 3: 0.07003, 10: 0.0001, 11: 0.0001, 50: 0.0001}),
    (
        "PolynomialDecay",
        (0.1, 10, 0.01, 0.5),
        {0: 0.1, 3: 0.08529940238806681, 9: 0.03846049894151541, 10: 0.01, 50: 0.01},
    ),
    (
        "PolynomialDecay",
        (0.1, 10, 0.01, 2.0, True),
        {0: 0.1, 3: 0.0541, 10: 0.01, 11: 0.028225, 20: 0.01, 21: 0.018100000000000005, 57: 0.010225000000000001},
    ),
    (
        "CosineDecay",
        (0.1, 30),
        {0: 0.1, 1: 0.09972609281539918, 10: 0.075, 29: 0.00027390420436859133, 30: 0.0, 90: 0.0},
    ),
    (
        "CosineDecay",
        (0.1, 30, 0.2),
        {0: 0.1, 1: 0.09978087425231935, 10: 0.08, 29: 0.020219123363494875, 30: 0.02, 90: 0.02},
    ),
    (
        "CosineDecay",
        (0.0, 30, 0.1, 0.3, 8),
        {0: 0.0, 1: 0.0375, 7: 0.2625, 8: 0.3, 9: 0.29926045060157774, 20: 0.2067172873020172, 38: 0.03, 90: 0.03},
    ),
    (
        "CosineDecayRestarts",
        (0.1, 10),
        {0: 0.1, 5: 0.04999999701976776, 9: 0.002447175979614258, 10: 0.1, 29: 0.0006155818700790405, 30: 0.1},
    ),
    (
        "CosineDecayRestarts",
        (0.1, 10, 1.0, 0.8, 0.1),
        {0: 0.1, 9: 0.012202458381652834, 10: 0.082, 29: 0.011409573364257814, 30: 0.05608, 105: 0.01483183792},
    ),
    (
        "CosineDecayRestarts",
        (0.1, 4, 1.5, 0.5),
        {0: 0.1, 3: 0.01464466154575348, 9: 0.003349365293979645, 25: 0.007335301488637924, 100: 0.0010906873270869256},
    ),
]


@pytest.mark.parametrize(("name", "arguments", "rates"), KERAS)
def test_the_rates_are_those_of_keras(name, arguments, rates):
    schedule = getattr(schedules, name)(*arguments)
    found = {step: schedule(step) for step in rates}
    # Keras takes cosines in float32, also with floatx float64; PyTorch, below, holds ours to 1e-12
    assert found == pytest.approx(rates, rel=1e-14, abs=1e-8 if name.startswith("Cosine") else 1e-17)


# a PyTorch scheduler, its arguments, the schedule for a first rate of 0.3, and the steps on which they are to agree
TORCH = [
    ("ConstantLR", {"factor": 1.0}, schedules.Constant(0.3), 50),
    ("StepLR", {"step_size": 7, "gamma": 0.8}, schedules.StepDecay(0.3, 7, 0.8), 300),
    ("StepLR", {"step_size": 30}, schedules.StepDecay(0.3, 30), 300),
    ("StepLR", {"step_size": 7, "gamma": 0.8}, schedules.ExponentialDecay(0.3, 7, 0.8, staircase=True), 300),
    # PyTorch changes the rate at a milestone, Keras after a boundary
    (
        "MultiStepLR",
        {"milestones": [5, 50, 120], "gamma": 0.5},
        schedules.PiecewiseConstantDecay([4, 49, 119], [0.3, 0.15, 0.075, 0.0375]),
        300,
    ),
    ("ExponentialLR", {"gamma": 0.98}, schedules.ExponentialDecay(0.3, 1, 0.98), 300),
    ("LinearLR", {"start_factor": 0.1, "total_iters": 40}, schedules.PolynomialDecay(0.03, 40, 0.3), 300),
    ("PolynomialLR", {"total_iters": 200}, schedules.PolynomialDecay(0.3, 200, 0.0), 300),
    ("PolynomialLR", {"total_iters": 200, "power": 2.5}, schedules.PolynomialDecay(0.3, 200, 0.0, 2.5), 300),
    ("CosineAnnealingLR", {"T_max": 300}, schedules.CosineDecay(0.3, 300), 301),
    ("CosineAnnealingLR", {"T_max": 300, "eta_min": 0.03}, schedules.CosineDecay(0.3, 300, alpha=0.1), 301),
    ("CosineAnnealingWarmRestarts", {"T_0": 7}, schedules.CosineDecayRestarts(0.3, 7, t_mul=1), 400),
    ("CosineAnnealingWarmRestarts", {"T_0": 7, "T_mult": 2}, schedules.CosineDecayRestarts(0.3, 7), 900),
    (
        "CosineAnnealingWarmRestarts",
        {"T_0": 1, "T_mult": 3, "eta_min": 0.03},
        schedules.CosineDecayRestarts(0.3, 1, t_mul=3, alpha=0.1),
        800,
    ),
    ("LambdaLR", {"lr_lambda": lambda t: 1 / (1 + 0.4 * t / 9)}, schedules.InverseTimeDecay(0.3, 9, 0.4), 300),
    *[
        (
            "OneCycleLR",
            {"max_lr": 0.3, "total_steps": total, "cycle_momentum": False, **options},
            schedules.OneCycle(0.3, total, **options),
            total,
        )
        for total in (1, 10, 300)
        for options in (
            {},
            {"anneal_strategy": "linear"},
            {"pct_start": 0.45, "div_factor": 10.0, "final_div_factor": 30.0, "three_phase": True},
            {"anneal_strategy": "linear", "three_phase": True},
            {"pct_start": 0.0},
        )
    ],
]


@pytest.mark.parametrize(("name", "options", "schedule", "steps"), TORCH)
def test_the_rates_are_those_of_torch(name, options, schedule, steps):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **options)
    expected = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some say that steps of the optimizer are missing
        for _ in range(steps):
            expected.append(optimizer.param_groups[0]["lr"])
            scheduler.step()
    np.testing.assert_allclose([schedule(step) for step in range(steps)], expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("first", "t_mul"), [(16, 1), (16, 1.5), (16, 2), (16, 3), (16, 5), (1, 3), (1000, 1.1)])
def test_restarts_come_at_the_very_step(first, t_mul):
    schedule, start, length = schedules.CosineDecayRestarts(0.1, first, t_mul, m_mul=0.9), Fraction(0), Fraction(first)
    for period in range(12):
        if start.denominator == 1:
            assert schedule(int(start)) == pytest.approx(0.1 * 0.9**period, rel=1e-12)
            if length > 10:
                assert schedule(int(start) - 1) < 0.003 or not period
        start, length = start + length, length * Fraction(str(t_mul))


def test_one_cycle_with_a_way_up_of_one_step_begins_at_the_top():
    assert schedules.OneCycle(0.3, 10, pct_start=0.1)(0) == 0.3  # PyTorch divides by zero here


def test_one_cycle_stays_at_its_last_rate():
    schedule = schedules.OneCycle(0.3, 10)
    assert schedule(9) == schedule(10) == schedule(500) == pytest.approx(0.3 / 25 / 1e4, rel=1e-12)


EACH = [
    schedules.Constant(0.1),
    schedules.PiecewiseConstantDecay([3, 7], [1, 0.5, 0.1]),
    schedules.StepDecay(0.1, 7),
    schedules.ExponentialDecay(0.1, 7, 0.6, staircase=True),
    schedules.InverseTimeDecay(0.1, 7, 0.6),
    schedules.PolynomialDecay(0.1, 7, power=2.0, cycle=True),
    schedules.CosineDecay(0, 7, 0.1, warmup_target=0.5, warmup_steps=3),
    schedules.CosineDecayRestarts(0.1, 7, 1.5, 0.5, 0.1),
    schedules.OneCycle(0.1, 20, three_phase=True),
]


def test_here_is_every_schedule():
    public = {c for c in config.subclasses(schedules.Schedule) if c.__module__ == schedules.__name__}
    assert {type(schedule) for schedule in EACH} == public - {schedules.Schedule}


@pytest.mark.parametrize("schedule", EACH, ids=repr)
def test_a_schedule_is_a_frozen_value(schedule):
    plain = json.loads(json.dumps(config.plain(schedule)))
    assert plain["class_name"] == type(schedule).__name__
    again = schedules.get("SGD", "learning_rate", plain)
    assert again is not schedule
    assert again == schedule
    assert hash(again) == hash(schedule)
    assert eval(repr(schedule), vars(schedules)) == schedule
    assert schedule != type(schedule)(**again.get_config() | {next(iter(plain["config"])): OTHER[type(schedule)]})
    with pytest.raises(FrozenInstanceError):
        setattr(schedule, next(iter(plain["config"])), 0.2)
    assert all(type(schedule(step)) is float for step in range(30))


# another value of the first argument
OTHER = {type(schedule): 0.25 for schedule in EACH} | {schedules.PiecewiseConstantDecay: [3, 8]}

NAN = float("nan")
BAD = {
    "Constant": {"learning_rate": [0, -1, NAN, "0.1", None]},
    "PiecewiseConstantDecay": {
        "boundaries": [[3, 3], [7, 3], [-1, 7], [1.5, 7], 3, "37", [3]],
        "values": [[1, 0.5], [1, 0.5, 0.1, 0.1], [1, 0.5, -0.1], [1, 0.5, NAN], 1.0, None],
    },
    "StepDecay": {"initial_learning_rate": [0], "decay_steps": [0, 2.5], "decay_rate": [0, -1]},
    "ExponentialDecay": {"initial_learning_rate": [0], "decay_steps": [0], "decay_rate": [0], "staircase": [1]},
    "InverseTimeDecay": {"initial_learning_rate": [0], "decay_steps": [0], "decay_rate": [0], "staircase": [None]},
    "PolynomialDecay": {
        "initial_learning_rate": [-1],
        "decay_steps": [0],
        "end_learning_rate": [-0.1],
        "power": [0],
        "cycle": ["yes"],
    },
    "CosineDecay": {
        "initial_learning_rate": [-1],
        "decay_steps": [0],
        "alpha": [-0.1, 1.0],
        "warmup_target": [-0.5, 0],
        "warmup_steps": [0, -1],
    },
    "CosineDecayRestarts": {
        "initial_learning_rate": [0],
        "first_decay_steps": [0, 1.5],
        "t_mul": [0.5, 0],
        "m_mul": [0],
        "alpha": [1.0],
    },
    "OneCycle": {
        "max_lr": [0],
        "total_steps": [0],
        "pct_start": [0.6, 1.0, -0.1],
        "div_factor": [0],
        "final_div_factor": [0],
        "anneal_strategy": ["cosine", None],
        "three_phase": [1],
    },
}


@pytest.mark.parametrize("schedule", EACH, ids=lambda schedule: type(schedule).__name__)
def test_arguments_are_checked(schedule):
    name, given = type(schedule).__name__, schedule.get_config()
    assert all(argument in given for argument in BAD[name])
    for argument, values in BAD[name].items():
        for value in values:
            words = "values" if name == "PiecewiseConstantDecay" and value == [3] else argument
            refuses(lambda value=value, argument=argument: type(schedule)(**given | {argument: value}), name, words)


def test_a_warm_up_needs_both_of_its_arguments():
    refuses(lambda: schedules.CosineDecay(0.1, 10, warmup_steps=5), "CosineDecay", "warmup_target")
    refuses(lambda: schedules.CosineDecay(0.1, 10, warmup_target=0.5), "CosineDecay", "warmup_steps")
    refuses(lambda: schedules.CosineDecay(0.0, 10), "CosineDecay", "initial_learning_rate")
