"""Every example runs offline within a minute, says something, and finds what its lesson says.

The minute is of one thread's own time: what other programs do meanwhile does not count.
"""

import re
import runpy
import sys
import time
from pathlib import Path

import pytest

import numbanet as nn

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))
LONG = ("long_memory", "text_generation")  # half a minute and more

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def outputs():
    return {}


@pytest.fixture(autouse=True)
def one_thread():
    before = nn.get_num_threads()
    nn.set_num_threads(1)
    yield
    nn.set_num_threads(before)


@pytest.mark.parametrize(
    "path", [pytest.param(p, id=p.stem, marks=[pytest.mark.nightly] * (p.stem in LONG)) for p in EXAMPLES]
)
def test_it_runs(path, capsys, outputs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where pictures go
    monkeypatch.setattr(sys, "argv", [str(path)])
    start = time.process_time()
    runpy.run_path(str(path), run_name="__main__")
    assert time.process_time() - start < 60
    outputs[path.stem] = capsys.readouterr().out
    assert len(outputs[path.stem].splitlines()) > 3
    for picture in re.findall(r"\S+\.png", outputs[path.stem]):
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")


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


def test_the_convolution_by_hand_is_that_of_the_layer(outputs):
    text = outputs["conv_by_hand"]
    assert text.count("the same numbers") == 3
    assert "OTHER" not in text
    assert text.count(": True") == 2
    assert re.findall(r"= (\d)[;\n]", text) == ["3", "7", "4", "9"]
    rough = [float(value) for value in re.findall(r"^  \S.* (\d\.\d{4})$", text, re.MULTILINE)]
    image, box, gauss, sharp = rough
    assert max(box, gauss) < image < sharp


def test_the_feature_maps_are_of_a_network_that_learned(outputs):
    assert float(re.search(r"test accuracy ([\d.]+)", outputs["feature_maps"])[1]) > 0.95


def test_lenet_learns_the_digits(outputs):
    accuracies = [float(value) for value in re.findall(r"test images ([\d.]+)", outputs["lenet"])]
    assert len(accuracies) == 6
    assert accuracies[-1] > 0.95
    assert f"test accuracy {accuracies[-1]:.4f}" in outputs["lenet"]


def run_lenet(name, *arguments):
    """The output's accuracy for a file or folder that lies beside the checkout."""
    data = EXAMPLES[0].parents[2] / "shared" / "data" / name
    if not data.exists():
        pytest.skip("no shared data")
    lenet = runpy.run_path(str(EXAMPLES[0].parent / "lenet.py"))
    lenet["main"](["--data", str(data), *arguments])


def test_lenet_on_a_file_that_one_has(capsys):
    run_lenet("mnist_5k.npz", "--epochs", "1")
    printed = capsys.readouterr().out
    assert printed.startswith("4000 training and 1000 test images")
    assert float(re.search(r"test accuracy ([\d.]+)", printed)[1]) > 0.8


@pytest.mark.parametrize(
    ("name", "least"),
    [
        pytest.param("mnist_10k.npz", 0.98, marks=pytest.mark.slow),
        pytest.param("fashion-mnist", 0.9, marks=pytest.mark.nightly),
    ],
)
def test_lenet_after_ten_epochs(name, least, capsys):
    run_lenet(name, "--epochs", "10")
    assert float(re.search(r"test accuracy ([\d.]+)", capsys.readouterr().out)[1]) >= least


def test_shifts_help_and_mirrors_harm(outputs):
    accuracy = {
        name: float(value) for name, value in re.findall(r"^ +(.*\w) +1.000 +([\d.]+)$", outputs["augmentation"], re.M)
    }
    assert accuracy["shifted by a pixel"] > accuracy["as they are"] + 0.004
    assert accuracy["mirrored"] < accuracy["as they are"] - 0.05


@pytest.mark.nightly
def test_the_lstm_remembers_and_the_simple_rnn_does_not(outputs):
    found = re.findall(
        r"(\w+), +(\d+) steps: .* right +([\d.]+)%; .* (\S+) of that at the last", outputs["long_memory"]
    )
    right = {(cell, int(steps)): float(share) for cell, steps, share, _ in found}
    ratio = {(cell, int(steps)): float(value) for cell, steps, _, value in found}
    assert right["LSTM", 100] > 95
    assert right["SimpleRNN", 100] < 40
    assert ratio["SimpleRNN", 100] < 1e-3 < 0.1 < ratio["LSTM", 100]


@pytest.mark.nightly
def test_the_text_is_learned(outputs):
    bits = [float(value) for value in re.findall(r": ([\d.]+) bits per character", outputs["text_generation"])]
    assert bits[-1] < 2.6 < bits[0]
    assert outputs["text_generation"].count("The import ") == 3


def test_each_of_the_four_shapes_beats_its_baselines(outputs):
    text = outputs["four_shapes"]
    assert re.findall(r"^([a-z]+-to-[a-z]+): .*, (\(N.*\) -> \(N.*\))$", text, re.MULTILINE) == [
        ("one-to-one", "(N, 64) -> (N, 10)"),
        ("one-to-many", "(N, 64) -> (N, 5, 16)"),
        ("many-to-one", "(N, 8, 8) -> (N, 10)"),
        ("many-to-many", "(N, 20, 1) -> (N, 20, 1)"),
    ]
    *shares, errors = (
        [float(value) for value in re.findall(r" ([\d.]+)(?:%| sunspots)", part)] for part in text.split("-to-")[1:]
    )
    assert [len(part) for part in shares] == [2, 2, 3]
    for network, *others in shares:
        assert network > 90
        assert network > 30 + max(others)
    network, same, linear_in_2, linear_in_9 = errors
    assert max(network, linear_in_9) < linear_in_2 < 0.8 * same


def test_clipping_makes_the_task_learnable(outputs):
    text = outputs["exploding_gradient"]
    ratios = [float(value) for value in re.findall(r"of gain \S+: (\S+)", text)]
    assert ratios == sorted(ratios)
    assert ratios[0] < 1e-3 < 5 < ratios[-1]
    rows = re.findall(r"rate (\S+), (.*): +(\S.*);  norm of the gradient: median (\d+), largest (\d+)", text)
    errors = [sorted(map(float, row[2].split())) for row in rows]
    assert [row[:2] for row in rows] == [
        ("0.003", "no clipping"),
        ("0.001", "no clipping"),
        ("0.003", "global_clipnorm=1.0"),
    ]
    wild, _, clipped = errors
    assert len(wild) == len(clipped) == 5
    assert clipped[-1] < 0.5 < 0.7 < wild[0]
    assert int(rows[0][4]) > 10 * int(rows[0][3])


def test_dropout_and_early_stopping_help_against_overfitting(outputs):
    tables = outputs["overfitting"].split("\nwith dropout, ")
    assert len(tables) == 2
    without, dropped = (
        [[float(x) for x in re.findall(r"[\d.]+", row)[1:]] for row in re.findall(r"^ +\d \|.*$", table, re.MULTILINE)]
        for table in tables
    )
    assert len(without) == len(dropped) == 5
    for (least, training, last, gap, *_), (_, _, last_dropped, gap_dropped, *_) in zip(without, dropped, strict=True):
        assert training < 0.001
        assert last > 1.05 * least
        assert last > last_dropped
        assert gap > gap_dropped
    for rows in (without, dropped):
        ends, keeps = ([row[k] for row in rows] for k in (6, 7))
        assert all(end in (keep + 20, 100) for end, keep in zip(ends, keeps, strict=True))
        assert sum(row[8] for row in rows) < sum(row[4] for row in rows)  # the test loss, stopped and not
    means = [[sum(row[k] for row in rows) / 5 for k in (0, 2, 4)] for rows in (without, dropped)]
    (least, last, test), (_, last_dropped, test_dropped) = means
    assert last > 1.15 * least
    assert last > 1.1 * last_dropped
    assert test > test_dropped
    said = [float(x) for x in re.findall(r"\d+\.\d+", outputs["overfitting"].split("\nOverfitting: ")[1])]
    assert said[1:4] + said[5:6] == pytest.approx([least, last, test, test_dropped], abs=0.002)
    assert 90 < said[7] < said[8] < said[7] + 2
