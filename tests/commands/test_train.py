import csv
import errno
import os
import re
import tomllib

import numpy as np
import pytest

import numbanet as nn
from numbanet.io import atomic

from .conftest import CONFIG, KINDS, PACKAGE, write_animals

pytest.importorskip("safetensors")

OF_2_CLASSES = (("units = 3", "units = 1"), ('"SparseCategoricalCrossentropy"', '"BinaryCrossentropy"'))
OUTPUT = """\
38 to train on, 10 to validate on, 12 to test on; classes: cat, dog, owl

animals: input (N, 2), float32, on cpu
--------------------------------------------------------
layer            type           output shape  parameters
--------------------------------------------------------
standardization  Normalization  (N, 2)                 4
dense            Dense          (N, 8)                24
dense_1          Dense          (N, 3)                27
--------------------------------------------------------
55 parameters: 51 trained, 4 fixed
"""


def config(home, *changes):
    text = CONFIG
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (home / "animals.toml").write_text(text)


def bits(path):
    return [a.tobytes() for a in nn.load_model(path).get_weights()]


def test_training_says_what_it_does_and_keeps_what_is_needed(home, say):
    code, out, err = say("train", "animals.toml")
    assert (code, err) == (0, "")
    assert out.startswith(OUTPUT)
    epochs = re.findall(r"^epoch (\d)/4  loss \d\.\d+  accuracy [01]\.\d+  val_loss .*$", out, re.MULTILINE)
    assert epochs == ["1", "2", "3", "4"]
    end = out[out.index("test, ") :]
    assert re.fullmatch(
        r"test, 12 samples:\n  loss      \d\.\d{4}\n  accuracy  [01]\.\d{4}\n"
        "written: run/best.safetensors\nwritten: run/last.safetensors\nwritten: run/history.csv\n"
        "written: run/config.toml\n",
        end,
    )
    files = sorted(path.name for path in (home / "run").iterdir())
    assert files == [
        "best.safetensors",
        "checkpoints",
        "columns.json",
        "config.toml",
        "history.csv",
        "last.safetensors",
    ]


def test_the_network_learns(trained):
    with open(trained / "run/history.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == list("0123")
    assert float(rows[-1]["loss"]) < 0.5 * float(rows[0]["loss"])


def test_the_resolved_configuration_trains_to_the_same_bits(home, say):
    assert say("train", "animals.toml", "--quiet").code == 0
    resolved = tomllib.loads((home / "run/config.toml").read_text())
    assert resolved["training"]["shuffle"] is True
    assert resolved["model"]["layers"][1]["name"] == "dense_1"
    again = say("train", "run/config.toml", "--quiet", "--set", "training.output=again")
    assert again.code == 0
    assert bits("again/last.safetensors") == bits("run/last.safetensors")
    assert (home / "again/history.csv").read_bytes() == (home / "run/history.csv").read_bytes()


def test_columns_and_classes_are_kept(trained):
    text, _, samples = (trained / "run/columns.json").read_text().partition('  "samples": "')
    assert text == (
        '{\n  "features": ["weight", "height"],\n  "target": ["kind"],\n  "classes": ["cat", "dog", "owl"],\n'
        '  "delimiter": ",",\n  "header": null,\n  "x": "x",\n  "y": "y",\n'
    )
    assert re.fullmatch(r'[0-9a-f]{64}"\n}\n', samples)


def test_standardization_is_measured_on_what_is_trained_on(trained):
    layer = nn.load_model(trained / "run/last.safetensors").layers[0]
    assert type(layer).__name__ == "Normalization"
    table = nn.datasets.read_table(trained / "animals.csv")
    means = table.features(["weight", "height"]).astype(np.float64).mean(axis=0)
    assert np.abs(np.array(layer.mean) - means).max() < 2
    assert not np.allclose(layer.mean, means)


def test_a_feature_that_never_changes_is_only_shifted(home, say):
    lines = (home / "animals.csv").read_text().splitlines()
    (home / "animals.csv").write_text("\n".join(["one," + lines[0], *("5," + line for line in lines[1:])]))
    assert say("train", "animals.toml", "--quiet").code == 0
    layer = nn.load_model("run/last.safetensors").layers[0]
    assert (layer.mean[0], layer.variance[0]) == (5.0, 1.0)


def test_a_dry_run_writes_nothing(home, say):
    code, out, err = say("train", "animals.toml", "--dry-run")
    assert (code, err) == (0, "")
    assert out.startswith(OUTPUT)
    assert "epoch" not in out
    assert not (home / "run").exists()


def test_a_second_training_does_not_replace_the_first(home, say):
    assert say("train", "animals.toml", "--quiet").code == 0
    before = (home / "run/last.safetensors").read_bytes()
    told = say("train", "animals.toml", "--set", "model.seed=1")
    assert told.code == 1
    assert told.err == (
        "numbanet: run: has a training already. Go on with it by --resume, replace it by --overwrite, or take another "
        "folder by --set training.output=FOLDER\n"
    )
    assert (home / "run/last.safetensors").read_bytes() == before
    assert say("train", "animals.toml", "--quiet", "--set", "model.seed=1", "--overwrite").code == 0
    assert (home / "run/last.safetensors").read_bytes() != before


def test_resuming_a_finished_training_with_more_epochs(home, say):
    assert say("train", "animals.toml", "--quiet").code == 0
    told = say("train", "animals.toml", "--resume", "--set", "training.epochs=6")
    assert told.code == 0
    assert "fit goes on from " in told.out
    assert "epoch 5/6" in told.out
    assert "epoch 4/6" not in told.out
    at_once = "--set", "training.epochs=6", "--set", "training.output=at_once"
    assert say("train", "animals.toml", "--quiet", *at_once).code == 0
    assert bits("run/last.safetensors") == bits("at_once/last.safetensors")
    assert (home / "run/history.csv").read_bytes() == (home / "at_once/history.csv").read_bytes()


def test_resuming_another_model_is_refused(home, say):
    assert say("train", "animals.toml", "--quiet").code == 0
    told = say("train", "animals.toml", "--resume", "--set", "model.layers.1.units=9")
    assert told.code == 1
    assert "is a checkpoint of another model: layers[1] (Dense 'dense') units is 8, this model has 9" in told.err
    assert told.err.count("\n") == 1


def test_one_of_resume_and_overwrite(home, say):
    told = say("train", "animals.toml", "--resume", "--overwrite")
    assert told == (1, "", "numbanet: train: at most one of --resume and --overwrite\n")


def test_two_classes_and_a_single_output(home, say):
    write_animals(home / "animals.csv")
    rows = [line for line in (home / "animals.csv").read_text().splitlines() if "owl" not in line]
    (home / "animals.csv").write_text("\n".join(rows))
    config(home, *OF_2_CLASSES)
    assert say("train", "animals.toml", "--quiet").code == 0
    told = say("predict", "run", "animals.csv", "--probabilities")
    header, *lines = told.out.splitlines()
    assert header == "class,probability,p(cat),p(dog)"
    right = [line.split(",")[0] == row.split(",")[-1] for line, row in zip(lines, rows[1:], strict=True)]
    assert np.mean(right) > 0.9


def test_several_targets_of_numbers(home, say):
    config(
        home,
        ('target = "kind"', 'target = ["weight", "height"]\nfeatures = ["weight", "height"]'),
        ("SparseCategoricalCrossentropy", "MeanSquaredError"),
        ('["accuracy"]', '["mae"]'),
    )
    told = say("train", "animals.toml")
    assert told.err == "numbanet: animals.toml: [data] features must not have the target. Received: weight, height\n"
    text = (home / "animals.csv").read_text()
    for number, kind in enumerate(KINDS):
        text = text.replace(kind, str(number))
    (home / "animals.csv").write_text(text)
    config(
        home,
        ('target = "kind"', 'target = ["weight", "height"]'),
        ("SparseCategoricalCrossentropy", "MeanSquaredError"),
        ('["accuracy"]', '["mae"]'),
        ("units = 3", "units = 2"),
    )
    assert say("train", "animals.toml", "--quiet").code == 0
    assert say("predict", "run", "animals.csv").out.startswith("weight,height\n")


def test_samples_from_npz_and_a_file_for_testing(home, say):
    random = np.random.default_rng(0)
    x = random.normal(size=(40, 4)).astype(np.float32)
    np.savez("train.npz", images=x, y=(x[:, 0] > 0).astype(np.int64))
    np.savez("test.npz", images=x[:7], y=(x[:7, 0] > 0).astype(np.int64))
    config(
        home,
        ('file = "animals.csv"\ntarget = "kind"', 'file = "train.npz"\nx = "images"\ninput_shape = [2, 2, 1]'),
        ("test = 0.2", 'test = "test.npz"'),
        (
            '[[model.layers]]\nclass = "Dense"\nunits = 8',
            '[[model.layers]]\nclass = "Flatten"\n[[model.layers]]\nclass = "Dense"\nunits = 8',
        ),
    )
    told = say("train", "animals.toml", "--quiet")
    assert told.err == ""
    assert "32 to train on, 8 to validate on, 7 to test on\n" in told.out
    assert "input (N, 2, 2, 1)" in told.out
    assert say("predict", "run", "test.npz").out.count("\n") == 8
    assert "7 samples" in say("evaluate", "run", "test.npz").out


# --- what is not there, or not as it should be


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([("animals.csv", "no.csv")], "no.csv: cannot be read: No such file or directory"),
        (
            [('"kind"', '"kin"')],
            "animals.csv: expected one of its columns weight, height, kind. Received: 'kin'. Did you mean 'kind'?",
        ),
        (
            [('"kind"', '"kind"\nfeatures = ["width"]')],
            "animals.csv: expected one of its columns weight, height, kind. Received: 'width'.",
        ),
        ([("standardize", "standardise")], None),
        (
            [('"SparseCategoricalCrossentropy"', '"MeanSquaredError"')],
            "animals.csv: column 'kind' has texts, 3 different ones, which are classes. Take "
            "SparseCategoricalCrossentropy as [loss], or a column of numbers. Received: MeanSquaredError",
        ),
        (
            [("units = 3", "units = 2")],
            "fit: SparseCategoricalCrossentropy: expected labels from 0 to 1 (the model has 2 outputs). Received: "
            "y[2] = 2",
        ),
        ([('"Dense"\nunits = 8', '"Conv2D"\nfilters = 8\nkernel_size = 3')], None),
        (
            [("test = 0.2", "input_shape = [3]\ntest = 0.2")],
            "animals.toml: [data] input_shape: expected samples of shape (3,), 3 numbers each, received 2",
        ),
        ([("test = 0.2", "test = 0.001")], None),
        ([('file = "animals.csv"\ntarget = "kind"', 'dataset = "digit"')], None),
        (
            [('output = "run"', 'output = "animals.csv"')],
            "animals.csv: expected a folder for the training, and it is a file",
        ),
    ],
)
def test_a_mistake_is_a_line(changes, told, home, say):
    config(home, *changes)
    found = say("train", "animals.toml")
    assert found.code == 1
    assert found.err.startswith("numbanet: ")
    assert found.err.count("\n") == 1
    if told is not None:
        assert found.err == f"numbanet: {told}\n"


def test_nan_in_the_data_is_found_in_its_line(home, say):
    lines = (home / "animals.csv").read_text().splitlines()
    lines[7] = "nan," + lines[7].partition(",")[2]
    (home / "animals.csv").write_text("\n".join(lines))
    assert say("train", "animals.toml") == (
        1,
        "",
        "numbanet: animals.csv, line 8, column 'weight': expected a finite number that float32 holds, received 'nan'. "
        "Correct the file, or name the columns to use.\n",
    )


def test_no_gpu(home, say, monkeypatch):
    from numbanet import devices
    from numbanet.errors import DeviceError

    def none():
        raise DeviceError("device='cuda': no GPU was found")

    cuda = pytest.importorskip("numbanet.devices.cuda")
    monkeypatch.setattr(cuda, "find_driver", none)
    monkeypatch.setattr(devices, "_devices", {k: v for k, v in devices._devices.items() if k[0] != "cuda"})
    told = say("train", "animals.toml", "--set", "training.device=cuda")
    assert told == (1, "", "numbanet: animals.toml: device='cuda': no GPU was found\n")


def test_a_full_disk_ends_the_training_and_it_goes_on_later(home, say, monkeypatch):
    write, count = os.fsync, iter(range(100))

    def full(handle):
        if next(count) > 8:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(handle)

    with monkeypatch.context() as patch:
        patch.setattr(atomic.os, "fsync", full)
        told = say("train", "animals.toml", "--quiet")
    assert told.code == 1
    assert re.fullmatch(
        r"numbanet: \S+/run/checkpoints/\S+\.safetensors: cannot be written: No space left on device\n", told.err
    )
    assert not list((home / "run/checkpoints").glob("*.part"))
    assert say("train", "animals.toml", "--quiet", "--resume").code == 0
    assert say("train", "animals.toml", "--quiet", "--set", "training.output=whole").code == 0
    assert bits("run/last.safetensors") == bits("whole/last.safetensors")


def test_without_safetensors_nothing_is_trained(home, say, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert say("train", "animals.toml") == (
        1,
        "",
        "numbanet: Writing model files and checkpoints needs safetensors. Install it: pip install 'numbanet[files]'\n",
    )


def test_more_threads_than_there_are(home, say):
    told = say("train", "animals.toml", "--set", "training.threads=4096")
    assert told.code == 1
    assert told.err.startswith("numbanet: animals.toml: [training]: threads must be from 1 to ")


@pytest.mark.compiled
def test_weights_that_explode_are_told(home, say):
    changes = "model.layers.1.activation=relu", "optimizer.class=SGD", "optimizer.learning_rate=1e30"
    told = say("train", "animals.toml", "--quiet", *(f"--set={change}" for change in changes))
    assert told.code == 1
    assert told.err.startswith("numbanet: step ")
    assert told.err.count("\n") == 1


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["mlp", "cnn", "lstm"])
def test_the_examples_check(name, say, monkeypatch):
    monkeypatch.chdir(PACKAGE)
    assert say("train", f"examples/configs/{name}.toml", "--dry-run").code == 0


@pytest.mark.slow
@pytest.mark.compiled
@pytest.mark.parametrize("name", ["mlp", "cnn", "lstm"])
def test_the_examples_learn(name, say, monkeypatch, tmp_path):
    monkeypatch.chdir(PACKAGE)
    told = say("train", f"examples/configs/{name}.toml", "--quiet", "--set", f"training.output={tmp_path}")
    assert float(re.search(r"test, .*?accuracy +(0\.\d+)", told.out, re.DOTALL)[1]) > 0.9


def test_the_file_of_the_book_trains(home, say):
    page = (PACKAGE / "docs/how-to/command_line.md").read_text()
    (home / "book.toml").write_text(re.search(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[1])
    assert say("train", "book.toml", "--quiet").code == 0
    assert say("predict", "runs/animals", "animals.csv", "--probabilities", "-o", "guesses.csv").code == 0
    assert say("evaluate", "runs/animals").out.startswith("test, 12 samples:\n")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (["--overwrite", "--set", "model.layers.2.units=2"], "expected labels from 0 to 1"),
        (["--overwrite", "--set", 'data.features=["weight", "weight"]'], "features must have each column once"),
        (["--resume", "--set", "model.layers.1.units=9"], "is a checkpoint of another model"),
        (
            ["--resume", "--set", 'data.features=["height", "weight"]'],
            "expected the features that its training began with, ['weight', 'height']. Received: ['height', 'weight']",
        ),
        (
            ["--resume", "--set", "data.test=0.3"],
            "expected the samples that its training began with, cut into the same",
        ),
    ],
)
def test_what_is_refused_leaves_an_earlier_training_as_it_is(changes, told, home, say):
    assert say("train", "animals.toml", "--quiet").code == 0
    before = {path: path.read_bytes() for path in (home / "run").rglob("*") if path.is_file()}
    found = say("train", "animals.toml", *changes)
    assert found.code == 1
    assert told in found.err
    assert {path: path.read_bytes() for path in (home / "run").rglob("*") if path.is_file()} == before


def test_what_was_held_back_is_not_guessed_where_the_data_changed(home, say):
    assert say("train", "animals.toml", "--quiet").code == 0
    assert say("evaluate", "run").code == 0
    lines = (home / "animals.csv").read_text().splitlines()
    (home / "animals.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    found = say("evaluate", "run")
    assert found.code == 1
    assert "expected a file of data, because the data of run/config.toml are no longer those" in found.err
    assert say("evaluate", "run", "animals.csv").code == 0


@pytest.mark.parametrize("name", ["../up", "a/b", ".."])
def test_a_name_is_no_way_out_of_the_folder(name, home, say):
    found = say("train", "animals.toml", "--set", f'model.name="{name}"')
    assert found.code == 1
    assert "[model] name must be a name without slashes" in found.err


def test_float64_in_npz_is_rounded(home, say):
    x = np.random.default_rng(0).normal(size=(40, 2))
    np.savez("train.npz", x=x, y=x[:, 0])
    config(
        home,
        ('file = "animals.csv"\ntarget = "kind"', 'file = "train.npz"'),
        ("SparseCategoricalCrossentropy", "MeanSquaredError"),
        ('["accuracy"]', '["mae"]'),
        ("units = 3", "units = 1"),
    )
    assert say("train", "animals.toml", "--quiet").code == 0
    assert say("predict", "run", "train.npz").out.count("\n") == 41
    assert "40 samples" in say("evaluate", "run", "train.npz").out
    np.savez("train.npz", x=x * 1e300, y=x[:, 0])
    assert "expected finite numbers in x" in say("predict", "run", "train.npz").err
