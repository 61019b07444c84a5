import tomllib

import pytest

from numbanet.commands import configuration
from numbanet.errors import ArgumentError, FileError
from numbanet.layers import LSTM, Bidirectional, Dense, Residual
from numbanet.optimizers import AdamW
from numbanet.schedules import CosineDecay

SMALL = """\
[data]
file = "a.csv"
target = "y"
[[model.layers]]
class = "Dense"
units = 2
[loss]
class = "MeanSquaredError"
"""
NESTED = """\
[data]
dataset = "digits"
[[model.layers]]
class = "Bidirectional"
layer = {class = "LSTM", units = 3, kernel_regularizer = {class = "L1L2", l2 = 0.1}}
[[model.layers]]
class = "Residual"
layers = [{class = "Dense", units = 6, activation = "relu"}, {class = "Dense", units = 6}]
trainable = false
[training]
metrics = ["accuracy", {class = "SparseTopKCategoricalAccuracy", k = 3}]
[optimizer]
class = "AdamW"
learning_rate = {class = "CosineDecay", initial_learning_rate = 0.1, decay_steps = 10}
clipnorm = 1.0
[loss]
class = "SparseCategoricalCrossentropy"
[[callbacks]]
class = "EarlyStopping"
patience = 3
"""


def read(tmp_path, text, *changes):
    path = tmp_path / "c.toml"
    path.write_text(text)
    return configuration.read(path, changes)


def problem(tmp_path, text, *changes):
    """What is told, without the folder."""
    with pytest.raises((ArgumentError, FileError)) as raised:
        read(tmp_path, text, *changes)
    return str(raised.value).replace(f"{tmp_path}/", "")


def test_defaults_are_filled_in(tmp_path):
    found = read(tmp_path, SMALL)
    assert found.training["epochs"] == 10
    assert found.training["output"] == "runs/model"
    assert found.optimizer == {"class": "Adam"}
    assert found.data["delimiter"] == ","


def test_objects_are_made_with_those_inside(tmp_path):
    found = read(tmp_path, NESTED)
    both, block = found.layers()
    assert isinstance(both, Bidirectional)
    assert isinstance(both.layer, LSTM)
    assert both.layer.kernel_regularizer.l2 == 0.1
    assert isinstance(block, Residual)
    assert isinstance(block.layers[0], Dense)
    assert not block.trainable
    optimizer, _, metrics = found.choices()
    assert isinstance(optimizer, AdamW)
    assert optimizer.schedule == CosineDecay(0.1, 10)
    assert [metric.name for metric in metrics] == ["accuracy", "sparse_top_k_categorical_accuracy"]
    assert found.make_callbacks()[0].patience == 3


@pytest.mark.parametrize("text", [SMALL, NESTED])
def test_the_resolved_text_is_a_configuration_that_resolves_to_itself(text, tmp_path):
    names = [f"layer_{k}" for k in range(len(tomllib.loads(text)["model"]["layers"]))]
    once = read(tmp_path, text).text(names)
    assert read(tmp_path, once).text(names) == once
    again = read(tmp_path, once)
    first = read(tmp_path, text)
    for one, other in zip(first.layers(), again.layers(), strict=True):
        assert one.get_config() | {"name": None} == other.get_config() | {"name": None}
    assert first.choices()[0].get_config() == again.choices()[0].get_config()


def test_every_default_is_written_out(tmp_path):
    written = tomllib.loads(read(tmp_path, SMALL).text(["first"]))
    assert written["model"]["layers"] == [
        {
            "class": "Dense",
            "name": "first",
            "units": 2,
            "use_bias": True,
            "kernel_initializer": "glorot_uniform",
            "bias_initializer": "zeros",
            "trainable": True,
        }
    ]
    assert written["optimizer"] == {
        "class": "Adam",
        "learning_rate": 0.001,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-7,
        "amsgrad": False,
        "use_ema": False,
        "ema_momentum": 0.99,
    }
    assert written["training"]["batch_size"] == 32


@pytest.mark.parametrize(
    ("change", "table", "key", "value"),
    [
        ("training.epochs=5", "training", "epochs", 5),
        ("training.output=runs/a b", "training", "output", "runs/a b"),
        ('training.metrics=["mae"]', "training", "metrics", ["mae"]),
        ("optimizer.learning_rate=1e-2", "optimizer", "learning_rate", 0.01),
        ("data.target=other", "data", "target", "other"),
    ],
)
def test_set_changes_a_value(change, table, key, value, tmp_path):
    assert getattr(read(tmp_path, SMALL, change), table)[key] == value


def test_set_reaches_into_layers(tmp_path):
    assert read(tmp_path, SMALL, "model.layers.1.units=7").layers()[0].units == 7


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SMALL.replace("[data]", "[dat]"), "c.toml: there is no table 'dat'. Did you mean 'data'? There are "),
        (SMALL.replace("target", "targte"), "c.toml: [data]: there is no key 'targte'. Did you mean 'target'? There "),
        (
            SMALL.replace("units", "unit"),
            "c.toml: layer 1 of [[model.layers]]: Dense: there is no argument 'unit'. Did you mean 'units'? There are "
            "units, activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, "
            "name, trainable.",
        ),
        (
            SMALL.replace('"Dense"', '"dense"'),
            "c.toml: layer 1 of [[model.layers]]: there is no class 'dense'. Did you mean 'Dense'? There are ",
        ),
        (
            SMALL.replace("units = 2", ""),
            "c.toml: layer 1 of [[model.layers]]: Dense needs units. Its arguments are units, activation, ",
        ),
        (
            SMALL.replace("units = 2", "units = 2.5"),
            "c.toml: layer 1 of [[model.layers]]: Dense: units must be a positive integer. Received: units=2.5",
        ),
        (
            SMALL.replace("units = 2", "units = {a = 1}"),
            "c.toml: layer 1 of [[model.layers]]: Dense.units must be a table with class = ",
        ),
        (SMALL.replace('class = "Mean', 'clas = "Mean'), "c.toml: [loss] must be a table with class = "),
        (SMALL.replace("MeanSquaredError", "Adam"), "c.toml: [loss]: there is no class 'Adam'. There are BinaryCross"),
        (SMALL[: SMALL.index("[loss]")], "c.toml: a table [loss] is needed, with class = "),
        ('[data]\nfile = "a"\ntarget = "b"\n[loss]\nclass = "Huber"\n', "c.toml: a table [[model.layers]] is needed "),
        (SMALL.replace('file = "a.csv"', ""), 'c.toml: [data] needs either file = "data.csv" or dataset = "digits"'),
        (SMALL.replace('target = "y"', ""), "c.toml: [data] target is needed: the name of the column to learn"),
        (SMALL.replace('target = "y"', "target = true"), "c.toml: [data] target must be names of columns, or their "),
        (
            SMALL + "[training]\nepochs = 0\n",
            "c.toml: [training] epochs must be a positive integer. Received: epochs",
        ),
        (SMALL + '[training]\nepochs = "3"\n', "c.toml: [training] epochs must be a positive integer. Received: epoch"),
        (SMALL + "[training]\nshuffle = 1\n", "c.toml: [training] shuffle must be True or False. Received: shuffle=1"),
        (
            SMALL + '[training]\ndevice = "gpu"\n',
            "c.toml: [training] device must be one of cpu, cuda, reference. Received: 'gpu'.",
        ),
        (
            SMALL + '[training]\nmetrics = ["acuracy"]\n',
            "c.toml: [training] metrics must be one of acc, accuracy, ",
        ),
        (
            SMALL.replace('target = "y"', 'target = "y"\ntest = 1.5'),
            "c.toml: [data] test must be a share from 0 to 1",
        ),
        (SMALL.replace('target = "y"', 'target = "y"\ndelimiter = ";;"'), "c.toml: [data] delimiter must be one char"),
        (SMALL + "callbacks = 3\n", "c.toml: [loss]: MeanSquaredError: there is no argument 'callbacks'."),
        (
            SMALL + '[[callbacks]]\nclass = "LambdaCallback"\n',
            "c.toml: callback 1 of [[callbacks]]: there is no cla",
        ),
        ("optimizer = 3\n" + SMALL, "c.toml: [optimizer] must be a table with class = "),
        (
            SMALL + '[optimizer]\nclass = "Adam"\nlr = 1\n',
            "c.toml: [optimizer]: Adam: there is no argument 'lr'",
        ),
        (
            SMALL + '[optimizer]\nclass = "Adam"\nlearning_rate = -1\n',
            "c.toml: [optimizer]: Adam: learning_rate must be a positive number. Received: learning_rate=-1",
        ),
        ("a = \n", "c.toml: is not TOML: Invalid value (at line 1, column 5)"),
    ],
)
def test_a_mistake_is_told_with_its_place(text, told, tmp_path):
    assert problem(tmp_path, text).startswith(told)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("epochs", "--set: expected TABLE.KEY=VALUE, such as training.epochs=5. Received: 'epochs'"),
        ("epochs=3", "--set: expected TABLE.KEY=VALUE, such as training.epochs=5. Received: 'epochs=3'"),
        ("training.epoch=3", "c.toml: [training]: there is no key 'epoch'. Did you mean 'epochs'? There are "),
        (
            "model.layers.2.units=3",
            "--set model.layers.2.units=3: there is no 2, where a number from 1 to 1 was ",
        ),
        ("data.file.a=3", "--set data.file.a=3: file is a value, and has no keys"),
    ],
)
def test_a_mistake_in_set_is_told(change, told, tmp_path):
    assert problem(tmp_path, SMALL, change).startswith(told)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileError, match=r"nope\.toml: cannot be read: No such file or directory"):
        configuration.read(tmp_path / "nope.toml")


def test_a_file_of_another_kind(tmp_path):
    (tmp_path / "c.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileError, match=r"c\.toml: expected text in UTF-8: invalid start byte"):
        configuration.read(tmp_path / "c.toml")


def test_a_file_with_the_mark_of_windows(tmp_path):
    (tmp_path / "a.toml").write_text(SMALL, encoding="utf-8-sig")
    assert configuration.read(tmp_path / "a.toml").data["target"] == "y"
