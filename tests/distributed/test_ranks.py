"""The same bits on any number of ranks, and one end for all of them."""

import json
import signal
import subprocess
import time

import pytest

import numbanet as nn

from . import job
from .ranks import command, environment, needs_mpi, run

pytestmark = [needs_mpi, pytest.mark.compiled]

TRAININGS = "cnn", "mlp", "lstm", "batches"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ranks")


@pytest.fixture(scope="module")
def alone(folder):
    """What this process comes to, without MPI."""
    found = {name: getattr(job, name)() for name in TRAININGS}
    found["whole"] = job.resumable(None, folder / "whole")
    return json.loads(json.dumps(found))


@pytest.fixture(scope="module")
def two(folder):
    return run(2, *TRAININGS, f"begin:{folder / 'steps'}", "non_finite", "callbacks", f"save:{folder}", "differences")


@pytest.fixture(scope="module")
def four(folder, two):
    return run(4, *TRAININGS, f"resume:{folder / 'steps'}")


@pytest.fixture(scope="module")
def three():
    return run(3, *TRAININGS[1:])


@pytest.mark.parametrize("name", TRAININGS)
def test_weights_and_history_do_not_depend_on_the_ranks(name, alone, two, four, three):
    assert alone[name] == two[name] == four[name] == three.get(name, two[name])


def test_the_convolutional_network_makes_a_hundred_steps_and_more(two):
    assert two["cnn"]["steps"] == 110


def test_training_goes_on_on_another_number_of_ranks_to_the_same_bits(alone, two, four):
    assert two["begin"] == {"steps": 8}, "Ctrl-C was pressed behind step 7, at one rank, when the others had begun 8"
    assert four["resume"] == alone["whole"]


def test_training_of_two_ranks_goes_on_on_one(alone, two, folder):
    assert job.resume(folder / "steps") == alone["whole"]


def test_nan_on_one_shard_is_an_error_on_every_rank(two):
    assert two["non_finite"]["alike"]
    assert "step 1, shard 8 of 8" in two["non_finite"]["text"]
    assert two["non_finite"]["untouched"]


def test_one_rank_stops_all_and_some_callbacks_run_on_the_first_alone(two):
    assert two["callbacks"] == {"epochs": [[0, 1, 2], []], "trained": [3, 3]}


def test_the_first_rank_writes_the_file_and_all_have_its_error(two, folder):
    assert two["save"] == {"errors": 2}
    assert nn.load_model(folder / "model.safetensors").count_params() == 9


def test_what_ranks_do_not_have_alike_is_an_error_on_all(two):
    """Of each of the trainings, and of the evaluation."""
    expected = job.DIFFERENCES | {"evaluate": "evaluates with data"}
    assert set(two["differences"]) == set(expected)
    for name, text in expected.items():
        assert two["differences"][name] == [2, True], f"{name}: {text}"


def end_of(what, ranks=2):
    """How a job ends, and within how many seconds after what happens."""
    process = subprocess.Popen(
        command(ranks, "endless", what), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "training\n"
        start = time.monotonic()
        if what == "interrupt":
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode != 0
    return errors, time.monotonic() - start


def test_an_error_of_one_rank_ends_the_job_and_is_shown():
    errors, seconds = end_of("raise")
    assert "rank 1 of 2 ends the training of all" in errors
    assert "RuntimeError: the network cable is unplugged" in errors
    assert seconds < 10


def test_a_rank_that_is_killed_ends_the_job():
    _, seconds = end_of("kill")
    assert seconds < 10


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("exit", "SystemExit: 0"),
        ("weights", "rank 2 ends an epoch with weights"),
        ("interrupt", "KeyboardInterrupt"),
    ],
)
def test_other_accidents_end_the_job_too(what, text):
    errors, seconds = end_of(what, 3)
    assert text in errors
    assert seconds < 10
