import csv
import io
import json
import shutil

import numpy as np
import pytest

import numbanet as nn

from .conftest import write_animals

pytest.importorskip("safetensors")


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_classes_have_their_names(there, say):
    code, out, err = say("predict", "run", "animals.csv")
    assert (code, err) == (0, "")
    with open("animals.csv") as file:
        right = [row["kind"] for row in csv.DictReader(file)]
    found = table(out)
    assert np.mean([row["class"] == kind for row, kind in zip(found, right, strict=True)]) > 0.9
    assert all(1 / 3 <= float(row["probability"]) <= 1 for row in found)


def test_probabilities_are_those_of_the_logits(there, say):
    found = table(say("predict", "run/last.safetensors", "animals.csv", "--probabilities").out)
    raw = table(say("predict", "run/last.safetensors", "animals.csv", "--raw").out)
    logits = np.array([[float(v) for v in row.values()] for row in raw])
    assert list(raw[0]) == ["output_0", "output_1", "output_2"]
    x, _ = nn.datasets.load_csv("animals.csv", "kind")
    model = nn.load_model("run/last.safetensors")
    assert logits.astype(np.float32).tobytes() == model.predict(x).tobytes()  # all digits are there
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    shown = np.array([[float(row[f"p({kind})"]) for kind in ("cat", "dog", "owl")] for row in found])
    np.testing.assert_allclose(shown, chances, atol=1e-6)
    assert [row["class"] for row in found] == [("cat", "dog", "owl")[k] for k in logits.argmax(axis=1)]


def test_columns_are_found_by_their_names_wherever_they_stand(there, say, tmp_path):
    with open("animals.csv") as file:
        rows = list(csv.DictReader(file))
    with open(tmp_path / "other.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "height", "legs", "weight"])
        writer.writerows(["some text", row["height"], 4, row["weight"]] for row in rows)
    assert say("predict", "run", str(tmp_path / "other.csv")).out == say("predict", "run", "animals.csv").out


def test_a_file_gets_what_the_terminal_would(there, say, tmp_path):
    target = tmp_path / "guesses.csv"
    told = say("predict", "run", "animals.csv", "-o", str(target))
    assert told == (0, "", f"written: {target}, 60 predictions\n")
    assert target.read_text() == say("predict", "run", "animals.csv").out


def test_a_folder_means_the_best_then_the_last_then_a_checkpoint(trained, say, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(trained / "run", folder)
    data = str(trained / "animals.csv")
    best, last = (say("predict", str(folder / f"{name}.safetensors"), data).out for name in ("best", "last"))
    assert say("predict", str(folder), data).out == best
    (folder / "best.safetensors").unlink()
    assert say("predict", str(folder), data).out == last
    (folder / "last.safetensors").unlink()
    newest = sorted((folder / "checkpoints").glob("step-*"))[-1]
    told = say("predict", str(folder), data)
    assert told.code == 0
    assert told.out == say("predict", str(newest), data).out
    shutil.rmtree(folder / "checkpoints")
    assert say("predict", str(folder), data) == (
        1,
        "",
        f"numbanet: {folder}: expected a model file, or the folder of a training, which has last.safetensors\n",
    )


def test_a_model_without_its_folder_takes_columns_in_their_order(trained, say, tmp_path):
    shutil.copy(trained / "run/last.safetensors", tmp_path / "alone.safetensors")
    write_animals(tmp_path / "animals.csv")
    numbers = ["a,b", *(line.rpartition(",")[0] for line in (tmp_path / "animals.csv").read_text().splitlines()[1:])]
    (tmp_path / "numbers.csv").write_text("\n".join(numbers))
    found = table(say("predict", str(tmp_path / "alone.safetensors"), str(tmp_path / "numbers.csv")).out)
    named = table(say("predict", str(trained / "run/last.safetensors"), str(trained / "animals.csv")).out)
    assert [["cat", "dog", "owl"][int(row["class"])] for row in found] == [row["class"] for row in named]


# --- what is not there, or not as it should be


def test_other_columns_than_those_of_the_training(there, say, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("weigth,height\n1,2\n3,4\n")
    assert say("predict", "run", str(path)) == (
        1,
        "",
        f"numbanet: {path}: expected the columns that the model was trained on, weight, height. It has weigth, height, "
        "and not weight. Did you mean 'weigth'?\n",
    )


def test_too_few_columns_for_a_model_without_its_folder(trained, say, tmp_path):
    shutil.copy(trained / "run/last.safetensors", tmp_path / "alone.safetensors")
    (tmp_path / "a.csv").write_text("a\n1\n")
    assert say("predict", str(tmp_path / "alone.safetensors"), str(tmp_path / "a.csv")) == (
        1,
        "",
        f"numbanet: {tmp_path}/a.csv: expected samples of shape (2,), 2 numbers each, received 1. What the columns "
        "were is in columns.json, which stands beside a model that `numbanet train` made.\n",
    )


@pytest.mark.parametrize(
    ("model", "data", "told"),
    [
        ("no", "animals.csv", "no: cannot be read: No such file or directory"),
        ("run", "no.csv", "no.csv: cannot be read: No such file or directory"),
        (".", "animals.csv", ".: expected a model file, or the folder of a training, which has last.safetensors"),
        ("animals.csv", "animals.csv", "animals.csv: expected a header"),
    ],
)
def test_a_missing_file_is_a_line(model, data, told, there, say):
    found = say("predict", model, data)
    assert found.code == 1
    assert found.err.startswith(f"numbanet: {told}")
    assert found.err.count("\n") == 1


@pytest.mark.parametrize("place", [3, 500, -2])
def test_a_damaged_model_is_a_line(place, trained, say, tmp_path):
    content = bytearray((trained / "run/last.safetensors").read_bytes())
    content[place] ^= 255
    (tmp_path / "bad.safetensors").write_bytes(content)
    found = say("predict", str(tmp_path / "bad.safetensors"), str(trained / "animals.csv"))
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith(f"numbanet: {tmp_path}/bad.safetensors: ")
    assert found.err.count("\n") == 1


@pytest.mark.parametrize("text", ["", "{", '{"features": 3}', '{"features": "a"' + ', "x": 1' * 5 + "}"])
def test_damaged_columns_are_a_line(text, trained, say, tmp_path):
    shutil.copytree(trained / "run", tmp_path / "run")
    (tmp_path / "run/columns.json").write_text(text)
    found = say("predict", str(tmp_path / "run"), str(trained / "animals.csv"))
    assert found.code == 1
    assert found.err.startswith(f"numbanet: {tmp_path}/run/columns.json: is damaged: ")
    assert found.err.count("\n") == 1


def test_probabilities_need_classes(say, tmp_path):
    model = nn.Sequential([nn.layers.Dense(2)])
    model.build((2,))
    model.save(tmp_path / "plain.safetensors")
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    arguments = "predict", str(tmp_path / "plain.safetensors"), str(tmp_path / "a.csv")
    assert say(*arguments).out.startswith("output_0,output_1\n")
    assert say(*arguments, "--probabilities").err == (
        "numbanet: predict: --probabilities is for models that were compiled with a cross-entropy, and whose output is "
        "a row for each sample. Received: NoneType, output of shape ('N', 2)\n"
    )


# --- evaluate


def test_evaluate_finds_what_the_training_held_back(there, say):
    code, out, err = say("evaluate", "run")
    assert (code, err) == (0, "")
    title, *values = out.splitlines()
    assert title == "test, 12 samples:"
    assert [value.split()[0] for value in values] == ["loss", "accuracy"]


def test_evaluate_on_a_file_as_json(there, say):
    told = say("evaluate", "run/last.safetensors", "animals.csv", "--json")
    found = json.loads(told.out)
    x, y = nn.datasets.load_csv("animals.csv", "kind")
    labels = np.array([["cat", "dog", "owl"].index(text) for text in y])
    assert found == {"samples": 60} | nn.load_model("run/last.safetensors").evaluate(x, labels)


def test_a_class_that_the_model_does_not_know(there, say, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("weight,height,kind\n1,2,cta\n")
    assert say("evaluate", "run", str(path)) == (
        1,
        "",
        f"numbanet: {path}: column 'kind': expected one of the classes cat, dog, owl. Received: 'cta'. Did you mean "
        "'cat'?\n",
    )


def test_evaluate_another_target(there, say):
    told = say("evaluate", "run", "animals.csv", "--target", "knd")
    assert told.code == 1
    found = "numbanet: animals.csv: expected one of its columns weight, height, kind. Received: 'knd'."
    assert told.err.startswith(found)


def test_evaluate_without_data_or_loss(trained, say, tmp_path):
    model = nn.Sequential([nn.layers.Dense(2)])
    model.build((2,))
    model.save(tmp_path / "plain.safetensors")
    path = str(tmp_path / "plain.safetensors")
    assert say("evaluate", path).err == (
        f"numbanet: {path}: was saved without a loss. Compile the model before it is saved.\n"
    )
    shutil.copy(trained / "run/last.safetensors", path)
    assert say("evaluate", path).err == (
        f"numbanet: evaluate: expected a file of data, because {path} is not in a training's folder\n"
    )
    assert say("evaluate", path, str(trained / "animals.csv")).err == (
        "numbanet: evaluate: --target is needed, the name of the column to compare with: no run says it\n"
    )


# --- summary and export


def test_evaluate_of_another_target_needs_data(there, say):
    told = say("evaluate", "run", "--target", "weight")
    assert told == (1, "", "numbanet: evaluate: --target is of a file of data, which is not given\n")


def test_more_outputs_than_classes(home, say):
    assert say("train", "animals.toml", "--quiet", "--set", "model.layers.2.units=5").code == 0
    found = say("predict", "run", "animals.csv", "--probabilities").out.splitlines()
    assert found[0] == "class,probability,p(cat),p(dog),p(owl),p(3),p(4)"
    assert {line.count(",") for line in found} == {6}


def test_summary_of_a_model_and_of_a_configuration(there, say):
    table = say("summary", "run")
    assert table.code == 0
    assert "standardization  Normalization  (N, 2)" in table.out
    assert say("summary", "animals.toml").out == table.out
    assert say("summary", "no.toml").err == "numbanet: no.toml: cannot be read: No such file or directory\n"


def test_export_of_an_unknown_kind(there, say):
    told = say("export", "run", "animals.txt")
    assert told.code == 1
    assert told.err.startswith("numbanet: export: the path's ending must be one of .c, .onnx, .py. Received: '.txt'.")


@pytest.mark.parametrize("ending", ["py", "c", "onnx"])
def test_export(ending, there, say, tmp_path):
    if ending == "onnx":
        pytest.importorskip("onnx")
    target = tmp_path / f"animals.{ending}"
    told = say("export", "run", str(target))
    assert told == (0, f"written: {target}, {target.stat().st_size:,} bytes\n", "")
    assert say("export", "run", str(tmp_path / f"no/animals.{ending}")).code == 1
