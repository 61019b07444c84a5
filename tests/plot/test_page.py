"""What all pictures have in common: kinds of files, files that cannot be written, and matplotlib that is not there."""

import sys

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, plot
from numbanet.callbacks import History
from numbanet.errors import ArgumentError, FileError, MissingDependency

X = np.linspace(-1, 1, 10, dtype="float32").reshape(5, 2)
Y = np.array([0, 1, 0, 1, 1])


def history():
    h = History()
    h.on_epoch_end(0, {"loss": 1.0})
    return h


def model(*chosen, shape):
    m = nn.Sequential(chosen)
    m.compile("sgd", nn.losses.SparseCategoricalCrossentropy())
    m.build(shape, "reference")
    return m


def dense():
    return model(layers.Dense(2), shape=(2,))


CALLS = {
    "activations": lambda path: plot.activations(dense(), X, path),
    "confusion_matrix": lambda path: plot.confusion_matrix(Y, Y, path),
    "decision_boundary": lambda path: plot.decision_boundary(dense(), X, Y, path, points=3),
    "feature_maps": lambda path: plot.feature_maps(model(layers.ReLU(), shape=(2, 2, 2)), np.ones((2, 2, 2)), path),
    "gates": lambda path: plot.gates(model(layers.LSTM(2), shape=(5, 2)), X, "lstm", path),
    "gradient_flow": lambda path: plot.gradient_flow(dense(), X, Y, path),
    "kernels": lambda path: plot.kernels(model(layers.Conv2D(2, 2), shape=(3, 3, 1)), "conv2d", path),
    "learning_curve": lambda path: plot.learning_curve(history(), path),
    "model_diagram": lambda path: plot.model_diagram(dense(), path),
    "pictures": lambda path: plot.pictures([("a", np.zeros((2, 2)))], path),
}
DRAWN = sorted(set(CALLS) - {"model_diagram"})


def test_each_picture_is_here():
    assert sorted(CALLS) == sorted(plot.__all__)


@pytest.mark.parametrize("name", CALLS)
def test_the_path_of_a_file_that_is_whole_comes_back(name, tmp_path):
    if name in DRAWN:
        pytest.importorskip("matplotlib")
    path = CALLS[name](str(tmp_path / "a.svg"))
    assert path == tmp_path / "a.svg"
    content = path.read_text()
    assert "<svg" in content
    assert content.rstrip().endswith("</svg>")
    assert [p.name for p in tmp_path.iterdir()] == ["a.svg"]


@pytest.mark.parametrize("name", DRAWN)
def test_pictures_need_matplotlib(name, tmp_path, monkeypatch):
    for module in [m for m in sys.modules if m.split(".")[0] == "matplotlib"] + ["matplotlib"]:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependency, match=r"pip install 'numbanet\[plot\]'"):
        CALLS[name](tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["png", "pdf", "SVG"])
def test_the_ending_says_which_kind_of_file(tmp_path, ending):
    pytest.importorskip("matplotlib")
    start = {"png": b"\x89PNG", "pdf": b"%PDF", "SVG": b"<?xml"}[ending]
    assert CALLS["confusion_matrix"](tmp_path / f"a.{ending}").read_bytes().startswith(start)


@pytest.mark.parametrize("name", ["a", "a.bmp2", ".png"])
def test_other_endings_are_refused(tmp_path, name):
    pytest.importorskip("matplotlib")
    with pytest.raises(ArgumentError, match=r"path must end in one of .*\.pdf.*\.png.* Received"):
        CALLS["confusion_matrix"](tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there(tmp_path):
    pytest.importorskip("matplotlib")
    with pytest.raises(FileError, match=r"No such file or directory: .*no/a\.png") as caught:
        CALLS["confusion_matrix"](tmp_path / "no" / "a.png")
    assert caught.value.strerror == "No such file or directory"
