import contextlib
import io
import json
import pickle
import sys

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, DeviceError, FileError, MissingDependency, StateError
from numbanet.io.tensors import read_tensors, write_tensors
from tests.io.own import Changing, HalfSquares, Needy, Third, TwiceDense, Unplain
from tests.io.parts import said, sealed, split
from tests.layers.test_layer_contract import data, every_case, make, model_with
from tests.models import LABELS, X, model, same, train


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def round_trip(m, path, device="cpu"):
    m.save(path)
    return nn.load_model(path, device)


def assert_same_model(one, other):
    assert same(one, other)
    assert one.weight_names == other.weight_names
    assert [type(layer) for layer in one.layers] == [type(layer) for layer in other.layers]
    assert repr(one) == repr(other)
    assert one.name == other.name
    for what in ("optimizer", "loss", "metrics"):
        assert repr(getattr(one, what)) == repr(getattr(other, what))
    assert [w.dtype for w in one.get_weights()] == [w.dtype for w in other.get_weights()]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_a_trained_model_comes_back_with_the_same_bits(path, dtype, device):
    m = model("adam", dropout=0.3, seed=7, dtype=dtype, device=device)
    train(m)
    m.name = "mine"
    again = round_trip(m, str(path), device)
    assert_same_model(m, again)
    x = X.astype(dtype)
    assert np.array_equal(m.predict(x), again.predict(x))
    assert m.evaluate(x, LABELS) == again.evaluate(x, LABELS)
    assert again.built
    again.fit(x, LABELS, verbose=0)


@pytest.mark.compiled
def test_a_model_loads_on_another_device(path):
    m = train(model())
    assert np.allclose(round_trip(m, path, "reference").predict(X), m.predict(X), atol=1e-6)


@every_case
def test_every_layer_comes_back_from_a_file(path, name, shape, arguments):
    m = model_with(make(name, arguments), shape)
    again = round_trip(m, path)
    assert_same_model(m, again)
    x, _ = data(3, shape, "float64", m.layers[0])
    assert np.array_equal(m.predict(x), again.predict(x))


def test_what_training_changes_besides_weights_comes_back(path):
    m = nn.Sequential([layers.BatchNormalization(), layers.GRU(3, stateful=True, batch_size=2), layers.Dense(1)])
    m.compile("sgd", "mse")
    x = np.random.default_rng(0).standard_normal((2, 4, 3)).astype("float32")
    for _ in range(3):
        m.train_on_batch(x, np.ones((2, 1), "float32"))
    again = round_trip(m, path)
    assert {"batch_normalization/moving_mean", "gru/state_h"} <= set(again.weight_names)
    assert_same_model(m, again)
    assert np.array_equal(m.predict(x, batch_size=2), again.predict(x, batch_size=2))
    assert np.array_equal(m.predict(x, batch_size=2), again.predict(x, batch_size=2))  # the state went on


OPTIMIZERS = [
    nn.optimizers.SGD(0.1, momentum=0.9, nesterov=True, clipnorm=1.0),
    nn.optimizers.Adagrad(initial_accumulator_value=0.3, clipvalue=0.5),
    nn.optimizers.RMSprop(centered=True, momentum=0.5, global_clipnorm=2.0),
    nn.optimizers.Adam(nn.schedules.CosineDecay(1e-3, 50), amsgrad=True),
    nn.optimizers.Adam(nn.schedules.PiecewiseConstantDecay([3, 5], [0.1, 0.01, 0.001])),
    nn.optimizers.AdamW(weight_decay=0.1),
    nn.optimizers.Lion(),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_every_optimizer_comes_back(path, optimizer):
    assert_same_model(m := model(optimizer), round_trip(m, path))


@pytest.mark.parametrize(
    ("loss", "outputs", "metrics"),
    [
        ("mse", 2, ["mae", "mse"]),
        (nn.losses.Huber(0.3), 1, []),
        ("mae", 3, []),
        ("hinge", 1, ["accuracy"]),
        (nn.losses.BinaryCrossentropy(label_smoothing=0.1), 1, ["acc", nn.metrics.Precision(0.3), "recall"]),
        (nn.losses.CategoricalCrossentropy(False, 0.2), 3, [nn.metrics.TopKCategoricalAccuracy(2, "top")]),
        ("sparse_categorical_crossentropy", 3, [nn.metrics.ConfusionMatrix(3), "sparse_top_k_categorical_accuracy"]),
        (HalfSquares(0.25), 2, []),
    ],
)
def test_every_loss_and_metric_comes_back(path, loss, outputs, metrics):
    m = nn.Sequential([layers.Dense(outputs)])
    m.build((2,))
    m.compile("sgd", loss, metrics)
    assert_same_model(m, round_trip(m, path))


def test_a_model_that_is_not_compiled_comes_back_so(path):
    m = nn.Sequential([layers.Dense(2)], seed=3)
    m.build((4,))
    again = round_trip(m, path)
    assert_same_model(m, again)
    assert again.loss is None
    with pytest.raises(StateError, match="compile"):
        again.fit(X, LABELS)


def test_a_model_without_parameters_comes_back(path):
    m = nn.Sequential([layers.Flatten(), layers.ReLU()])
    m.build((2, 3))
    assert_same_model(m, round_trip(m, path))


def test_an_unbuilt_model_says_so(path):
    with pytest.raises(StateError, match="save: expected a model that is built"):
        model(build=False).save(path)
    assert not path.exists()


def test_saving_twice_makes_the_same_file_and_changes_nothing(path):
    m = train(model("adam"))
    other = train(model("adam"))
    m.save(path)
    first = path.read_bytes()
    m.save(path)
    assert path.read_bytes() == first
    assert same(train(m), train(other))


def test_a_callback_may_save(path):
    class Save(nn.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.save(path)

    m = model()
    m.fit(X, LABELS, epochs=2, verbose=0, callbacks=[Save()])
    assert same(m, nn.load_model(path))


def test_loading_does_not_wait_for_initial_weights(path, monkeypatch):
    m = model()
    m.save(path)
    monkeypatch.setattr(nn.initializers.GlorotUniform, "__call__", lambda *_: pytest.fail("initialised"))
    assert same(m, nn.load_model(path))


def test_own_classes_come_back_once_they_are_defined(path, monkeypatch):
    m = nn.Sequential([TwiceDense(3, kernel_initializer=Third()), layers.TimeDistributed(TwiceDense(2))][:1])
    m.build((4,))
    assert type(round_trip(m, path).layers[0]) is TwiceDense
    monkeypatch.delitem(layers.base.Layer.registry, "TwiceDense")
    content = path.read_bytes()
    for name in (b"TwiceDense", b"Third"):
        header, payload = split(content.replace(name, b"X" * len(name)))
        path.write_bytes(sealed(header, said(header)["metadata"], payload))
        with pytest.raises(FileError, match=r"'XX+'\. Import the module that defines it first"):
            nn.load_model(path)


def test_a_class_that_has_the_name_of_one_of_numbanet_is_refused(path):
    m = model()
    m.save(path)
    own = type("Dense", (layers.Dense,), {"__module__": "theirs"})
    try:
        n = nn.Sequential([own(3)])
        n.build((4,))
        with pytest.raises(ArgumentError, match="one class called Dense"):
            n.save(path)
        with pytest.raises(FileError, match=r"numbanet's and that of theirs. Give the latter another name"):
            nn.load_model(path)
    finally:
        own.__name__ = "_Gone"
        layers.base.Layer.registry["Dense"] = layers.Dense
    assert same(m, nn.load_model(path))


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (Needy(), r"Needy \('it'\) leaves out factor. Define get_config"),
        (Unplain(), r"get_config\(\) of Unplain \('it'\) must return names, numbers"),
        (Changing(), r"Changing \('it'\) does not make the same one again"),
    ],
)
def test_what_would_not_come_back_is_not_saved(path, layer, words):
    layer.name = "it"
    m = nn.Sequential([layer])
    m.build((4,))
    path.write_bytes(b"old")
    with pytest.raises(ArgumentError, match=words):
        m.save(path)
    assert path.read_bytes() == b"old"


def test_without_safetensors_saving_says_what_to_install(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(MissingDependency, match=r"numbanet\[files\]"):
        model().save(path)


@pytest.mark.parametrize("bad", [None, 3, b"m", ""])
def test_a_path_is_a_path(bad):
    for action in (lambda: model().save(bad), lambda: nn.load_model(bad)):
        with pytest.raises(ArgumentError, match="path"):
            action()


def test_an_unknown_device_is_none_of_the_files_faults(path):
    model().save(path)
    with pytest.raises(DeviceError, match="tpu"):
        nn.load_model(path, "tpu")


def test_other_files_are_refused(path):
    with pytest.raises(FileError, match="No such file"):
        nn.load_model(path)
    path.write_bytes(pickle.dumps({"weights": [1, 2]}))
    with pytest.raises(FileError, match=r"model\.safetensors: "):
        nn.load_model(path)
    for kind, words in ("notes", "found a file of kind 'notes'"), ("checkpoint", "expected a model in a checkpoint"):
        write_tensors(path, {}, {"kind": kind})
        with pytest.raises(FileError, match=words):
            nn.load_model(path)


def refused(path, words, change):
    """A model file with changed metadata under a digest that is right."""
    model().save(path)
    tensors, metadata = read_tensors(path)
    change(metadata, tensors)
    write_tensors(path, tensors, metadata)
    with pytest.raises(FileError, match=words):
        nn.load_model(path)


def test_metadata_that_does_not_fit_is_refused(path):
    refused(path, "expected metadata compile, ", lambda m, t: m.pop("seed"))
    refused(path, "expected metadata", lambda m, t: m.update(more=1))
    refused(path, "seed must be", lambda m, t: m.update(seed=-1))
    refused(path, "names of weights", lambda m, t: m.update(weights=[1]))
    refused(path, "dtype float32 or float64", lambda m, t: m.update(dtype="int64"))
    refused(path, "of float64 for its layer", lambda m, t: m.update(dtype="float64"))
    refused(path, "a list of layers", lambda m, t: m.update(layers=[]))
    refused(path, "expected the tensors", lambda m, t: t.pop("dense/bias"))
    refused(path, "expected the tensors", lambda m, t: t.update(more=np.zeros(3)))
    refused(path, "expected the tensors", lambda m, t: m["weights"].reverse())
    refused(path, r"\(4, 1000000000000\)", lambda m, t: m["layers"][0]["config"].update(units=10**12))
    refused(path, "layers of different names", lambda m, t: m["layers"][1]["config"].update(name="dense"))
    refused(path, "layers of different names", lambda m, t: m["layers"][1]["config"].update(name=None))
    refused(path, "Dense, found one that it refuses", lambda m, t: m["layers"][0]["config"].update(command="true"))
    refused(path, "Import the module", lambda m, t: m["layers"].append({"class_name": "os.system", "config": {}}))
    refused(path, "name of a layer's class", lambda m, t: m["layers"].append({"class_name": "Zeros", "config": {}}))
    refused(path, "at most 512 layers", lambda m, t: m["layers"].extend(m["layers"][:1] * 600))
    refused(path, "input_shape", lambda m, t: m.update(input_shape=[1] * 100))
    refused(path, "features", lambda m, t: m.update(input_shape=[2, 2]))
    refused(path, "metrics", lambda m, t: m["compile"].update(metrics=None))
    big = {"class_name": "ConfusionMatrix", "config": {"num_classes": 10**6}}
    refused(path, "count in at most", lambda m, t: m["compile"].update(metrics=[big]))
    other = {"class_name": "ConfusionMatrix", "config": {"num_classes": 7}}  # refused when the model is put together
    refused(path, "expects num_classes=3", lambda m, t: m["compile"].update(metrics=[other]))


def test_a_model_of_many_layers_is_told_at_save(path):
    m = nn.Sequential([layers.ReLU() for _ in range(513)])
    m.build((2,))
    with pytest.raises(ArgumentError, match="at most 512 layers"):
        m.save(path)


def test_a_damaged_file_leaves_nothing_behind(path):
    model().save(path)
    path.write_bytes(path.read_bytes()[:-1])
    with contextlib.redirect_stdout(io.StringIO()) as said_nothing, pytest.raises(FileError, match="found"):
        nn.load_model(path)
    assert not said_nothing.getvalue()


def test_the_metadata_is_what_others_can_read(path):
    model("adam", seed=5).save(path)
    metadata = said(split(path.read_bytes())[0])["metadata"]
    assert metadata["kind"] == "model"
    assert metadata["seed"] == 5
    assert metadata["input_shape"] == [4]
    assert metadata["weights"] == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]
    assert [node["class_name"] for node in metadata["layers"]] == ["Dense", "Dense"]
    assert metadata["compile"]["optimizer"]["config"]["beta_1"] == 0.9
    assert "pickle" not in json.dumps(metadata)
