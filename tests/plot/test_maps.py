"""Pictures of what layers make of an image."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, plot
from numbanet.errors import ArgumentError, ShapeError

PNG = b"\x89PNG"
IMAGE = np.arange(16, dtype="float32").reshape(4, 4, 1)


@pytest.fixture
def model():
    m = nn.Sequential([layers.ReLU(), layers.Flatten(), layers.Dense(12), layers.Reshape((2, 2, 3), name="cells")])
    m.build((4, 4, 1), "reference")
    return m


def test_feature_maps(model, drawn, tmp_path):
    path = plot.feature_maps(model, IMAGE, str(tmp_path / "maps.png"))
    assert path.read_bytes().startswith(PNG)
    shown = [(axes.get_ylabel(), np.asarray(axes.images[0].get_array())) for axes in drawn[0].axes]
    assert [name for name, _ in shown] == ["input", "re_lu", "cells", "", ""]
    assert np.array_equal(shown[0][1], IMAGE[..., 0])
    cells = model.predict(IMAGE[None])[0]
    for channel in range(3):
        assert np.array_equal(shown[2 + channel][1], cells[..., channel])
    assert {axes.images[0].get_clim() for axes in drawn[0].axes[2:]} == {(cells.min(), cells.max())}, "one scale"


def test_feature_maps_of_some_layers_and_channels(model, drawn, tmp_path):
    plot.feature_maps(model, IMAGE, tmp_path / "maps.png", ["cells"], most=2)
    assert [axes.get_ylabel() for axes in drawn[0].axes] == ["input", "cells", ""]


@pytest.mark.parametrize(
    ("image", "options", "error", "words"),
    [
        (IMAGE[None], {}, ShapeError, r"one image of shape \(H, W, C\), received \(1, 4, 4, 1\)"),
        (IMAGE, {"layers": ["cells", "flatten"]}, ArgumentError, r"whose output is an image. Received: \['flatten'\]"),
        (IMAGE, {"layers": ["nope"]}, ArgumentError, "'nope'"),
        (IMAGE, {"most": 0}, ArgumentError, "most must be a positive integer"),
    ],
)
def test_what_cannot_be_drawn(model, tmp_path, image, options, error, words):
    with pytest.raises(error, match=words):
        plot.feature_maps(model, image, tmp_path / "maps.png", **options)
    assert not list(tmp_path.iterdir())


def test_pictures(drawn, tmp_path):
    images = [(f"{k}", np.full((2, 3), float(k))) for k in range(5)]
    assert plot.pictures(images, tmp_path / "a.png", columns=3).read_bytes().startswith(PNG)
    assert [(axes.get_title(), axes.images[0].get_array().max()) for axes in drawn[0].axes] == [
        (f"{k}", k) for k in range(5)
    ]


def test_no_pictures(tmp_path):
    with pytest.raises(ArgumentError, match="images must be pairs of a title and an image"):
        plot.pictures([], tmp_path / "a.png")
    with pytest.raises(ArgumentError, match="columns must be a positive integer"):
        plot.pictures([("a", IMAGE[..., 0])], tmp_path / "a.png", columns=0)
