import os
import re
import subprocess
import sys

import pytest

import numbanet as nn
from numbanet.bench import cases
from numbanet.commands import compiling, warmup
from numbanet.errors import StateError
from numbanet.kernels._cache import store

from .conftest import command, environment

MLP = """\
[data]
dataset = "digits"
[[model.layers]]
class = "Dense"
units = 3
activation = "relu"
[[model.layers]]
class = "Dense"
units = 10
[loss]
class = "SparseCategoricalCrossentropy"
"""
RUN = """\
import numbanet as nn
from numbanet.kernels._cache import store
x, y = nn.datasets.load_digits()
model = nn.Sequential([nn.layers.Dense(3, activation="relu"), nn.layers.Dense(10)])
model.compile("adam", nn.losses.SparseCategoricalCrossentropy())
model.fit(x, y, epochs=1, validation_split=0.1, verbose=0)
model.predict(x)
print(store.compiled, store.loaded)
"""


def model_of(*layers, shape, loss="mse", metrics=()):
    model = nn.Sequential(layers)
    model.build(shape)
    model.compile("adam", loss, metrics)
    return model


def names(jobs):
    return {f"{job.operation}.{job.function}" for job in jobs}


def test_a_model_needs_the_kernels_of_its_steps():
    model = model_of(nn.layers.Dense(4, activation="relu"), nn.layers.Dense(2), shape=(3,), metrics=["mae"])
    found = names(warmup.of_model(model))
    assert {"dense.forward", "dense.backward_kernel", "mean_squared_error.backward", "adam.update"} <= found
    assert "mean_error.absolute" in found
    assert not any(name.startswith("lstm") for name in found)


def test_a_model_that_was_not_compiled_only_predicts():
    model = nn.Sequential([nn.layers.LSTM(4), nn.layers.Dense(2)])
    model.build((5, 3))
    found = names(warmup.of_model(model))
    assert "lstm.forward" in found
    assert not any("backward" in name for name in found)


def test_listing_a_model_leaves_it_alone():
    model = model_of(nn.layers.BatchNormalization(), nn.layers.Dense(2), shape=(3,))
    before = [a.tobytes() for a in model.get_weights()]
    warmup.of_model(model)
    assert [a.tobytes() for a in model.get_weights()] == before
    assert model._built("").device.name == "cpu"
    assert model.predict([[1.0, 2.0, 3.0]]).shape == (1, 2)


def test_machine_code_is_the_same_for_other_sizes():
    one, other = (warmup.of_model(model_of(nn.layers.Dense(n), shape=(n + 1,))) for n in (3, 5))
    assert {job.kinds for job in one} == {job.kinds for job in other}


def test_all_layers_are_all_operations():
    assert {job.operation for job in warmup._of_layers()} == set(cases.OPERATIONS)


@pytest.mark.slow
@pytest.mark.compiled
def test_a_warm_model_compiles_nothing(tmp_path):
    """In a cache of its own: the command compiles, and the program after it does not."""
    (tmp_path / "mlp.toml").write_text(MLP)
    where = {"cwd": tmp_path, "text": True, "env": environment(NUMBANET_CACHE_DIR=str(tmp_path / "cache"))}
    done = subprocess.run(command("warmup", "mlp.toml", "--processes", "2"), capture_output=True, **where)
    assert (done.returncode, done.stderr) == (0, "")
    count, *rows, end = done.stdout.splitlines()
    assert re.fullmatch(r"\d+ kernels for model", count)
    assert any(re.fullmatch(r"  adam +1 +\d+\.\d s  update", row) for row in rows)
    assert re.fullmatch(r"(\d+) compiled, the others were there; \d+\.\d s", end)
    assert int(end.split()[0]) >= int(count.split()[0])
    after = subprocess.run([sys.executable, "-c", RUN], capture_output=True, **where)
    compiled, loaded = map(int, after.stdout.split())
    assert compiled == 0, after.stdout
    assert loaded > 10


def test_where_nothing_is_kept_nothing_is_compiled(monkeypatch):
    monkeypatch.setattr(compiling, "DISABLED", False)
    monkeypatch.setattr(type(store), "folder", lambda self: None)
    with pytest.raises(StateError, match="expected a folder that keeps compiled kernels"):
        compiling.compile_all([], None, print)


def test_plain_python_has_nothing_to_compile(monkeypatch):
    monkeypatch.setattr(compiling, "DISABLED", True)
    with pytest.raises(StateError, match="there is nothing to compile"):
        compiling.compile_all([], None, print)


class Dying:
    """What kills the process that takes it, as the system does where memory runs out."""

    @property
    def kinds(self):
        return id(self)

    def __reduce__(self):
        return os._exit, (1,)


@pytest.mark.slow
@pytest.mark.compiled
def test_a_process_that_dies_is_told():
    with pytest.raises(StateError, match="a process that compiled was ended from outside"):
        compiling.compile_all([Dying() for _ in range(8)], 2, print)
