"""A table of animals, a file that describes a network for it, and its training: as a new user would have them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import numbanet as nn
from numbanet import cli

PACKAGE = Path(nn.__file__).parent.parent
KINDS = {"cat": (4.0, 25.0), "dog": (20.0, 50.0), "owl": (0.5, 15.0)}
CONFIG = """\
[data]
file = "animals.csv"
target = "kind"
standardize = true
test = 0.2
validation = 0.2

[model]
name = "animals"

[[model.layers]]
class = "Dense"
units = 8
activation = "tanh"

[[model.layers]]
class = "Dense"
units = 3

[training]
epochs = 4
batch_size = 8
metrics = ["accuracy"]
output = "run"

[optimizer]
class = "Adam"
learning_rate = 0.05

[loss]
class = "SparseCategoricalCrossentropy"
"""


class Said(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str


def write_animals(path, rows=60, seed=0):
    random = np.random.default_rng(seed)
    lines = ["weight,height,kind"]
    for k in range(rows):
        kind = list(KINDS)[k % 3]
        weight, height = (v * random.uniform(0.7, 1.3) for v in KINDS[kind])
        lines.append(f"{weight:.3f},{height:.2f},{kind}")
    path.write_text("\n".join(lines) + "\n")


def fill(folder, config=CONFIG):
    write_animals(folder / "animals.csv")
    (folder / "animals.toml").write_text(config)


def environment(**more):
    return os.environ | {"PYTHONPATH": str(PACKAGE), "COLUMNS": "200"} | more


def command(*arguments):
    return [sys.executable, "-m", "numbanet", *arguments]


def terminal(folder, *arguments, **more):
    """Run a command in another process."""
    done = subprocess.run(
        command(*arguments), cwd=folder, env=environment(**more), capture_output=True, text=True, timeout=120
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The user's folder, with the table and the configuration."""
    fill(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def say(capsys):
    """Run a command in this process."""

    def run(*arguments):
        try:
            code = cli.main(list(arguments))
        except SystemExit as ended:
            code = ended.code
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A folder in which `numbanet train animals.toml` has run; to be read, and not to be changed."""
    pytest.importorskip("safetensors")
    folder = tmp_path_factory.mktemp("animals")
    fill(folder)
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert cli.main(["train", "animals.toml", "--quiet"]) == 0
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def there(trained, monkeypatch):
    """The user is in that folder."""
    monkeypatch.chdir(trained)
    return trained
