"""Every example runs offline within a minute, says something, and finds what its lesson says."""

import re
import runpy
import time
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def outputs():
    return {}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_it_runs(path, capsys, outputs):
    start = time.perf_counter()
    runpy.run_path(str(path), run_name="__main__")
    assert time.perf_counter() - start < 60
    outputs[path.stem] = capsys.readouterr().out
    assert len(outputs[path.stem].splitlines()) > 3


def test_the_perceptron_says_that_xor_did_not_converge(outputs):
    text = outputs["perceptron_and_or_xor"]
    assert text.count("  converged") == 2
    assert text.count("did not converge") == 1
    assert text.index("did not converge") > text.index("XOR")


def test_the_hidden_layer_learns_xor(outputs):
    assert "XOR is learned" in outputs["mlp_xor"]


def test_the_digits_are_learned(outputs):
    accuracy = float(re.search(r"test accuracy ([\d.]+)", outputs["mlp_digits"])[1])
    assert accuracy > 0.9
    assert "WRONG" not in outputs["mlp_digits"]


def test_the_learning_rate_matters(outputs):
    verdicts = re.findall(r"^rate (\S+).*   (\w+)", outputs["learning_rate"], re.MULTILINE)
    assert verdicts[0][1] == "too"
    assert "learns" in [word for _, word in verdicts]
    assert verdicts[-1][1] == "diverges"


def test_the_gradient_vanishes_with_sigmoid(outputs):
    sigmoid, relu = re.search(r"([\d,]+) with sigmoid, ([\d.]+) with ReLU", outputs["vanishing_gradient"]).groups()
    assert int(sigmoid.replace(",", "")) > 1000 > 10 > float(relu)
