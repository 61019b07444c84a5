"""Files that Keras 3.15 wrote, read without Keras; and files that are damaged, or meant to do harm."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from numbanet import layers
from numbanet.devices import get_device
from numbanet.errors import ArgumentError, FileError
from numbanet.io.keras import fill_from_keras_weights, read_keras
from numbanet.network import Network

from .round_trips import AGREE, apart, same_bits, sequential

h5py = pytest.importorskip("h5py")
RECORDED = Path(__file__).with_name("keras_files.zip")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("keras")
    with zipfile.ZipFile(RECORDED) as archive:
        archive.extractall(found)
    return found


@pytest.fixture(scope="module")
def expected(folder):
    with np.load(folder / "expected.npz") as file:
        return dict(file)


@pytest.mark.parametrize("name", ["image.keras", "sequence.keras", "sequence.h5"])
def test_a_recorded_file_gives_what_keras_computed(name, folder, expected):
    found = read_keras(folder / name)
    model = sequential(found)
    kind = name.partition(".")[0]
    assert found.name == kind
    assert apart(model.predict(expected[f"{kind}_x"]), expected[f"{kind}_y"]) < AGREE


def test_layers_keep_their_names_and_settings(folder):
    found = read_keras(folder / "image.keras").layers
    assert [layer.name for layer in found] == [
        "conv2d", "batch_normalization", "max_pooling2d", "flatten", "dropout", "dense",
    ]  # fmt: skip
    assert (
        repr(found[0])
        == "Conv2D(name='conv2d', filters=3, kernel_size=(3, 3), strides=(2, 2), padding='same', activation=ReLU())"
    )
    assert found[1].momentum == 0.99
    assert found[4].rate == 0.2


def test_weights_alone_fill_a_model(folder):
    model = sequential(read_keras(folder / "image.keras"))
    wanted = model.get_weights()
    model.set_weights([np.zeros_like(a) for a in wanted])
    assert same_bits(fill_from_keras_weights(model._network, folder / "image.weights.h5"), wanted)


def built(chain, shape):
    for k, layer in enumerate(chain):
        layer.name = layer.name or f"layer_{k}"
    return Network(chain, shape, get_device("cpu"), "float32", 0)


def test_weights_of_another_model_are_refused_with_all_that_differs(folder):
    network = built([layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(4), layers.Dense(2)], (6, 6, 2))
    with pytest.raises(ArgumentError) as error:
        fill_from_keras_weights(network, folder / "image.weights.h5")
    text = str(error.value)
    assert "layer_0 (Conv2D): expected arrays of [(3, 3, 2, 4), (4,)], found [(3, 3, 2, 3), (3,)]" in text
    assert "layer_3 (Dense): expected arrays of [(4, 2), (2,)], found []" in text
    assert "the file also has weights of 'batch_normalization'" in text


def test_a_file_with_weights_alone_needs_a_model(folder):
    with pytest.raises(FileError, match="weights alone"):
        read_keras(folder / "image.weights.h5")


def changed(path, target, **parts):
    """A copy of a .keras file with other parts; None leaves one out."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            part = parts.get(name.partition(".")[0], old.read(name))
            if part is not None:
                new.writestr(name, part)
    return target


def described(path, change):
    """The description of a .keras file, changed."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    change(config)
    return json.dumps(config)


def layer_of(config, k):
    return config["config"]["layers"][k]


@pytest.mark.parametrize(
    ("part", "content", "message"),
    [
        ("config", b"{", "Expecting"),
        ("config", b"\xff", "utf-8"),
        ("config", b"[" * 100, "brackets"),
        ("config", b"[]", "expected layers of class_name and config"),
        ("config", b'{"class_name": "Sequential", "config": {"layers": 3}}', "expected a model with layers"),
        ("config", None, "one config.json"),
        ("metadata", None, "one metadata.json"),
        ("model", None, "one model.weights.h5"),
        ("model", b"no HDF5", "signature"),
    ],
)
def test_a_damaged_keras_file_is_a_file_error_that_names_it(part, content, message, folder, tmp_path):
    path = changed(folder / "image.keras", tmp_path / "bad.keras", **{part: content})
    with pytest.raises(FileError, match=message) as error:
        read_keras(path)
    assert str(path) in str(error.value)


def test_a_missing_file_a_folder_and_text_are_file_errors(tmp_path):
    (tmp_path / "text.keras").write_text("hello")
    for path in (tmp_path / "none.keras", tmp_path, tmp_path / "text.keras"):
        with pytest.raises(FileError, match=str(path)):
            read_keras(path)


@pytest.mark.parametrize("length", [0, 1, 10, 1000, 20_000])
@pytest.mark.parametrize("name", ["image.keras", "sequence.h5"])
def test_a_file_that_is_cut_off_is_a_file_error(name, length, folder, tmp_path):
    path = tmp_path / name
    path.write_bytes((folder / name).read_bytes()[:length])
    with pytest.raises(FileError):
        read_keras(path)


def test_a_flipped_bit_in_the_weights_of_a_keras_file_is_found(folder, tmp_path):
    content = bytearray((folder / "image.keras").read_bytes())
    with zipfile.ZipFile(folder / "image.keras") as archive:
        start = archive.getinfo("model.weights.h5").header_offset
    content[start + 5000] ^= 1
    (tmp_path / "bad.keras").write_bytes(content)
    with pytest.raises(FileError, match="CRC"):
        read_keras(tmp_path / "bad.keras")


def test_a_part_that_unpacks_to_far_more_is_refused_before_it_is_unpacked(folder, tmp_path):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(folder / "image.keras") as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, b"\0" * 50_000_000 if name == "model.weights.h5" else old.read(name))
    assert path.stat().st_size < 100_000
    with pytest.raises(FileError, match="reasonable size"):
        read_keras(path)


def hdf5(folder, change):
    """The weights of image.keras as a file of HDF5, changed."""
    with zipfile.ZipFile(folder / "image.keras") as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content, "r+") as file:
        change(file)
    return content.getvalue()


KERNEL = "layers/dense/vars/0"


def replaced(make):
    def change(file):
        del file[KERNEL]
        make(file)

    return change


@pytest.mark.parametrize(
    "make",
    [
        lambda file: file.create_dataset(KERNEL, (3, 4), "f4", compression="gzip"),
        lambda file: file.create_dataset(KERNEL, (10**9, 10**3), "f4"),  # space that was never written
        lambda file: file.create_dataset(KERNEL, (3, 4), "f4", external=[("/etc/passwd", 0, 48)]),
        lambda file: file.__setitem__(KERNEL, h5py.ExternalLink("/etc/passwd", "/")),
        lambda file: file.__setitem__(KERNEL, h5py.SoftLink("/layers/conv2d/vars/0")),
        lambda file: file.create_group(KERNEL),
        lambda file: None,
    ],
    ids=["packed", "huge", "bytes elsewhere", "link to a file", "link", "group", "missing"],
)
def test_arrays_that_are_not_in_the_file_as_keras_writes_them_are_refused(make, folder, tmp_path):
    path = changed(folder / "image.keras", tmp_path / "bad.keras", model=hdf5(folder, replaced(make)))
    with pytest.raises(FileError, match=r"expected .* in the file itself|expected an array"):
        read_keras(path)


def test_damaged_texts_do_not_keep_hdf5_busy_for_ever(folder, tmp_path):
    content = (folder / "sequence.h5").read_bytes()
    # one byte more in a long text: the lengths after it are read from the wrong place
    middle = content.index(b'"class_name"') + 3
    (tmp_path / "bad.h5").write_bytes(content[:middle] + b"x" + content[middle:])
    with pytest.raises(FileError, match="damaged"):
        read_keras(tmp_path / "bad.h5")


def test_an_attribute_that_is_no_text_any_more_is_not_read(folder, tmp_path):
    content = bytearray((folder / "sequence.h5").read_bytes())
    place = content.index(b"weight_names\0") + 16
    assert content[place : place + 2] == b"\x19\x01"  # a list of something of variable length: 1 is for texts
    content[place + 1] = 3
    (tmp_path / "bad.h5").write_bytes(content)
    with pytest.raises(FileError, match="expected texts in 'weight_names'"):
        read_keras(tmp_path / "bad.h5")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((3, 5), "f4"), r"its kernel has the shape \(3, 5\), expected \(3, 4\)"),
        (np.zeros((3, 4), "f2"), "its kernel is of float16, expected float32 or float64"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(values, message, folder, tmp_path):
    content = hdf5(folder, replaced(lambda file: file.create_dataset(KERNEL, data=values)))
    path = changed(folder / "image.keras", tmp_path / "bad.keras", model=content)
    with pytest.raises(ArgumentError, match=message):
        read_keras(path)


def test_code_in_a_file_is_refused_and_not_run(folder, tmp_path):
    def change(config):
        layer_of(config, 3) | {"class_name": "Lambda"}
        config["config"]["layers"][3] = {"module": "keras.layers", "class_name": "Lambda", "config": {"function": "x"}}
        layer_of(config, 4).update(module="os", class_name="system", config={"command": "true"})
        layer_of(config, 6)["config"]["activation"] = {"class_name": "function", "config": "evil", "module": "os"}

    path = changed(folder / "image.keras", tmp_path / "bad.keras", config=described(folder / "image.keras", change))
    with pytest.raises(ArgumentError) as error:
        read_keras(path)
    text = str(error.value)
    assert "it is code, and nothing in a file is run" in text
    assert "it is a class of os, not of Keras" in text
    assert "a function of its own, is not run" in text


@pytest.mark.parametrize(
    ("k", "settings", "message"),
    [
        (1, {"data_format": "channels_first"}, "data_format='channels_first', only 'channels_last' is known"),
        (1, {"filters": -1}, "filters must be a positive integer"),
        (1, {"filters": 10**12}, "expected"),
        (1, {"kernel_constraint": {"class_name": "MaxNorm"}}, "kernel_constraint"),
        (1, {"activation": "relu6"}, "activation must be one of"),
        (1, {"dtype": "float16"}, "dtype 'float16'"),
        (1, {"kernel_regularizer": {"class_name": "Mine", "config": {}}}, "has no regularizer here"),
        (2, {"axis": [1]}, r"axis=\[1\], only the last one is known"),
        (2, {"center": False}, "more arrays of weights"),
        (6, {"shiny": 3}, "shiny=3 is not known here"),
        (6, {"units": [4]}, "units must be a positive integer"),
    ],
)
def test_settings_that_have_no_layer_here_are_refused(k, settings, message, folder, tmp_path):
    config = described(folder / "image.keras", lambda c: layer_of(c, k)["config"].update(settings))
    path = changed(folder / "image.keras", tmp_path / "bad.keras", config=config)
    with pytest.raises(ArgumentError, match=message):
        read_keras(path)


def test_hard_sigmoid_of_an_older_keras_is_another_function(folder, tmp_path):
    config = described(folder / "image.keras", lambda c: layer_of(c, 6)["config"].update(activation="hard_sigmoid"))
    path = changed(folder / "image.keras", tmp_path / "new.keras", config=config)
    assert type(read_keras(path).layers[-1].activation) is layers.HardSigmoid
    old = changed(path, tmp_path / "old.keras", metadata=json.dumps({"keras_version": "2.15.0"}))
    with pytest.raises(ArgumentError, match="another function"):
        read_keras(old)


def test_an_input_of_any_size_is_refused(folder, tmp_path):
    config = described(
        folder / "image.keras", lambda c: layer_of(c, 0)["config"].update(batch_shape=[None, None, 6, 2])
    )
    path = changed(folder / "image.keras", tmp_path / "bad.keras", config=config)
    with pytest.raises(ArgumentError, match="says its input's shape"):
        read_keras(path)
