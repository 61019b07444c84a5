"""Some of the kills that `python -m tests.io.kills` makes 200 of."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.compiled,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither fork nor SIGKILL"),
]


def kill(*arguments):
    """The figures of the last line of a test that found nothing wrong: kills, those in a save, Ctrl-Cs."""
    result = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "tests.io.kills", *arguments],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return [int(n) for n in re.findall(r"(\d+) (?:kills|in a save|times Ctrl-C)", result.stdout)]


def test_a_killed_training_loses_nothing_and_ends_with_the_same_bits():
    kills, in_a_save, _ = kill("--jobs", "lstm", "--runs", "2", "--interrupts", "1", "--seed", "7")
    assert kills >= 2
    assert in_a_save >= 1


@pytest.mark.slow
def test_killed_trainings_of_all_kinds_lose_nothing_and_end_with_the_same_bits():
    kills, in_a_save, interrupts = kill("--runs", "18", "--interrupts", "6")
    assert kills >= 18
    assert in_a_save >= 9
    assert interrupts >= 3  # a training may be done before its time comes
