import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, plot
from numbanet.errors import ArgumentError, StateError


def built(*chosen, shape=(6, 6, 3)):
    m = nn.Sequential(chosen)
    m.build(shape, "reference")
    return m


def shown(figure):
    """The pictures in rows, each an array, and the colour bar's axes last."""
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes[:-1]]


def test_all_kernels_of_a_convolution(drawn, tmp_path):
    m = built(layers.Conv2D(4, (3, 2)))
    plot.kernels(m, "conv2d", tmp_path / "a.png")
    weights = m.get_weights()[0]
    pictures = shown(drawn[0])
    assert len(pictures) == 3 * 4
    for place, picture in enumerate(pictures):
        assert np.array_equal(picture, weights[:, :, place // 4, place % 4])
    limit = float(np.abs(weights).max())
    assert {axes.images[0].get_clim() for axes in drawn[0].axes[:-1]} == {(-limit, limit)}
    assert drawn[0].get_suptitle() == "conv2d: kernels of 3x2"
    assert (drawn[0].get_supxlabel(), drawn[0].get_supylabel()) == ("output channel", "input channel")
    assert [axes.get_title() for axes in drawn[0].axes[:4]] == ["0", "1", "2", "3"]


def test_the_first_of_many(drawn, tmp_path):
    m = built(layers.Conv2D(20, 2))
    plot.kernels(m, "conv2d", tmp_path / "a.png", most=5, most_channels=2)
    assert np.array_equal(shown(drawn[0])[-1], m.get_weights()[0][:, :, 1, 4])
    assert drawn[0].get_suptitle() == "conv2d: kernels of 2x2, 5 of 20 columns, 2 of 3 rows"


def test_of_a_transposed_and_of_a_depthwise_convolution(drawn, tmp_path):
    m = built(layers.Conv2DTranspose(2, 3), layers.DepthwiseConv2D(3, depth_multiplier=2))
    plot.kernels(m, "conv2d_transpose", tmp_path / "a.png")
    weights = m.get_weights()
    assert [len(shown(drawn[0])), weights[0].shape] == [3 * 2, (3, 3, 2, 3)]
    assert np.array_equal(shown(drawn[0])[1], weights[0][:, :, 1, 0]), "input channel 0, output channel 1"
    plot.kernels(m, "depthwise_conv2d", tmp_path / "a.png")
    assert np.array_equal(shown(drawn[1])[1], weights[2][:, :, 0, 1])
    assert drawn[1].get_supxlabel() == "multiple"


def test_of_a_conv1d_each_kernel_is_one_picture(drawn, tmp_path):
    m = built(layers.Conv1D(4, 5), shape=(9, 2))
    plot.kernels(m, "conv1d", tmp_path / "a.png")
    assert [np.array_equal(a, m.get_weights()[0][:, :, k].T) for k, a in enumerate(shown(drawn[0]))] == [True] * 4
    assert drawn[0].get_suptitle() == "conv1d: kernels of 5 steps of 2 channels"


def test_of_a_layer_within_layers(drawn, tmp_path):
    block = layers.Residual([layers.Conv2D(3, 1), layers.Residual([layers.Conv2DTranspose(3, 1)])])
    m = built(layers.Conv2D(3, 2), block)
    plot.kernels(m, "residual/conv2d", tmp_path / "a.png")
    plot.kernels(m, "residual/residual/conv2d_transpose", tmp_path / "a.png")
    weights = dict(zip(m.weight_names, m.get_weights(), strict=True))
    assert np.array_equal(shown(drawn[0])[1], weights["residual/conv2d/kernel"][:, :, 0, 1])
    assert np.array_equal(shown(drawn[1])[1], weights["residual/residual/conv2d_transpose/kernel"][:, :, 1, 0])


def test_kernels_of_zeros(drawn, tmp_path):
    m = built(layers.Conv2D(1, 1, kernel_initializer="zeros"))
    plot.kernels(m, "conv2d", tmp_path / "a.png")
    assert drawn[0].axes[0].images[0].get_clim() == (-1, 1)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("nope", r"kernels: layer must be one of conv2d, residual, flatten, dense\. Received: 'nope'"),
        ("dense", "layer must be the name of a convolution. Received: layer='dense'"),
        ("flatten", "the name of a convolution"),
        ("residual", "the name of a convolution"),
        ("residual/nope", r"one of re_lu\. Received: 'residual/nope'"),
        ("conv2d/kernel", "Received: 'conv2d/kernel'"),
    ],
)
def test_what_is_no_convolution(tmp_path, layer, words):
    m = built(layers.Conv2D(3, 2), layers.Residual([layers.ReLU()]), layers.Flatten(), layers.Dense(2))
    with pytest.raises(ArgumentError, match=words):
        plot.kernels(m, layer, tmp_path / "a.png")


def test_a_model_that_is_not_built(tmp_path):
    with pytest.raises(StateError, match="kernels"):
        plot.kernels(nn.Sequential([layers.Conv2D(2, 2)]), "conv2d", tmp_path / "a.png")
