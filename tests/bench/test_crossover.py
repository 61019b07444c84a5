"""From which batch on a device wins, on made series; and what bounds it, in words."""

import math

import pytest

from numbanet.bench.crossover import bounds, crossover, summary, verdict
from numbanet.bench.results import StepRow, Timing

CPU = {1: 10.0, 4: 20.0, 16: 40.0, 64: 160.0}
ALWAYS = {1: 9.0, 4: 10.0, 16: 20.0, 64: 30.0}
NEVER = {1: 100.0, 4: 100.0, 16: 100.0, 64: 160.0}  # as fast is not faster
BETWEEN = {1: 80.0, 4: 80.0, 16: 80.0, 64: 80.0}
DIPS = {1: 80.0, 4: 10.0, 16: 80.0, 64: 80.0}
LOST_AGAIN = {1: 80.0, 4: 10.0, 16: 20.0, 64: 170.0}


def row(batch, device, median, threads=1, bound="launch", share=0.5):
    time = Timing(median, median, median, median)
    return StepRow("lenet5", batch, device, threads, "float32", 1.0, 1.0, 10, time, (1.0,), bound, share)


def series(times, device, threads=1):
    return [row(batch, device, median, threads) for batch, median in times.items()]


@pytest.mark.parametrize(("gpu", "batch"), [(ALWAYS, 0.0), (NEVER, None), (LOST_AGAIN, None)])
def test_a_device_that_always_or_never_wins(gpu, batch):
    assert crossover(CPU, gpu) == batch


@pytest.mark.parametrize("gpu", [BETWEEN, DIPS])
def test_a_crossover_lies_between_the_last_loss_and_the_wins_behind_it(gpu):
    # the ratio is 1/2 at 16 and 2 at 64: 1 in the middle of their logarithms
    assert crossover(CPU, gpu) == pytest.approx(32.0)


def test_a_crossover_is_nearer_to_the_batch_with_the_nearer_times():
    near = BETWEEN | {16: 41.0}
    assert 16 < crossover(CPU, near) < 17
    assert crossover({16: 2.0, 64: 4.0}, {16: 4.0, 64: 1.0}) == pytest.approx(math.exp(math.log(16) + math.log(4) / 3))


def test_only_batches_that_both_took_count():
    assert crossover(CPU | {256: 1.0}, BETWEEN) == pytest.approx(32.0)
    assert verdict({1: 1.0}, {4: 1.0}, "cpu", "cuda") == ""


@pytest.mark.parametrize(
    ("gpu", "words"),
    [
        (ALWAYS, "cuda is faster than cpu at every batch size measured, 1 to 64"),
        (NEVER, "cuda is not faster than cpu at any batch size measured, 1 to 64"),
        (BETWEEN, "cuda is faster than cpu from batch about 32 on (to 64)"),
        (DIPS, "cuda is faster than cpu from batch about 32 on (to 64), and at 4"),
        (LOST_AGAIN, "cuda is not faster than cpu at batch 64, the largest, but is at 4, 16"),
        ({4: 1.0}, "cuda is faster than cpu at batch 4"),
    ],
)
def test_a_verdict_is_a_sentence(gpu, words):
    assert verdict(CPU, gpu, "cpu", "cuda") == words


def test_bounds_change_as_the_batch_grows():
    rows = [row(1, "cuda", 1.0, 0, "launch", 0.9), row(4, "cuda", 1.0, 0, "launch", 0.8)]
    rows += [row(16, "cuda", 1.0, 0, "memory", 0.5), row(64, "cuda", 1.0, 0, "memory", 0.004)]
    assert bounds(rows[::-1]) == (
        "launch-bound at batch 1 to 4 (80 to 90 % of that limit), memory-bound at batch 16 (50 % of that limit), "
        "far from every limit at batch 64 (the nearest is memory, 0.4 %)"
    )


def test_every_two_devices_are_compared_but_not_a_device_with_itself():
    rows = series(CPU, "cpu", 1) + series(ALWAYS, "cpu", 2) + series(BETWEEN, "cuda", 0)
    lines = list(summary(rows))
    assert [line.split(":")[0] for line in lines[:3]] == [
        "lenet5, cpu on 1 thread",
        "lenet5, cpu on 2 threads",
        "lenet5, cuda",
    ]
    assert lines[3:] == [
        "lenet5: cuda is faster than cpu on 1 thread from batch about 32 on (to 64)",
        "lenet5: cuda is not faster than cpu on 2 threads at any batch size measured, 1 to 64",
    ]


def test_a_model_without_rows_has_nothing_to_say():
    assert list(summary([])) == []
