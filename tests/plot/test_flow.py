import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, plot
from numbanet.errors import ArgumentError, StateError

X = np.random.default_rng(0).normal(size=(16, 5)).astype("float32")
Y = np.arange(16) % 3


def model(*chosen):
    m = nn.Sequential([*chosen, layers.Dense(3)], seed=1)
    m.compile("sgd", nn.losses.SparseCategoricalCrossentropy())
    m.build((5,), "reference")
    return m


def bars(figure):
    """The bars by what they show, each a list by layer."""
    axes = figure.axes[0]
    return {group.get_label(): [bar.get_width() for bar in group] for group in axes.containers}


def names(figure):
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def test_bars_are_means_and_maxima_of_each_layers_gradients(drawn, tmp_path):
    m = model(layers.Dense(4, activation="tanh"), layers.Dropout(0.5), layers.LayerNormalization())
    plot.gradient_flow(m, X, Y, tmp_path / "a.png")
    loss, gradients = m.gradients(X, Y)
    assert names(drawn[0]) == ["dense", "layer_normalization", "dense_1"]
    pairs = [np.abs(np.concatenate([gradients[k].ravel(), gradients[k + 1].ravel()])) for k in (0, 2, 4)]
    assert np.allclose(bars(drawn[0])["mean"], [a.mean() for a in pairs])
    assert np.allclose(bars(drawn[0])["largest"], [a.max() for a in pairs])
    axes = drawn[0].axes[0]
    assert axes.get_xscale() == "log"
    assert axes.get_ylim()[0] > axes.get_ylim()[1], "the first layer is on top"
    assert f"loss {loss:.4g}" in axes.get_title()
    assert axes.get_xlim()[0] < min(bars(drawn[0])["mean"])
    assert axes.get_xlim()[1] > max(bars(drawn[0])["largest"])


def test_gradients_that_vanish_are_shorter_from_layer_to_layer(drawn, tmp_path):
    plot.gradient_flow(model(*(layers.Dense(8, activation="sigmoid") for _ in range(4))), X, Y, tmp_path / "a.png")
    means = bars(drawn[0])["mean"]
    assert means == sorted(means)
    assert means[0] < means[-1] / 100


def test_layers_without_a_gradient_say_so(drawn, tmp_path):
    dead = layers.Dense(4, activation="relu", bias_initializer=nn.initializers.Constant(-100.0))
    plot.gradient_flow(model(layers.Dense(5), dead), X, Y, tmp_path / "a.png")
    means = bars(drawn[0])["mean"]
    assert np.isnan(means[:2]).all()
    assert means[2] > 0
    assert [text.get_text() for text in drawn[0].axes[0].texts] == ["zero", "zero"]


def test_gradients_that_are_not_finite_say_so(drawn, tmp_path):
    m = model(layers.Dense(2))
    m.set_weights([np.full_like(w, np.nan) if k == 0 else w for k, w in enumerate(m.get_weights())])
    plot.gradient_flow(m, X, Y, tmp_path / "a.png")
    assert "not finite" in [text.get_text() for text in drawn[0].axes[0].texts]


def test_frozen_layers_have_no_bar(drawn, tmp_path):
    m = model(layers.Dense(4, trainable=False))
    plot.gradient_flow(m, X, Y, tmp_path / "a.png")
    assert names(drawn[0]) == ["dense_1"]
    m.layers[1].trainable = False
    m.compile("sgd", nn.losses.SparseCategoricalCrossentropy())
    with pytest.raises(StateError, match="layers that are trained"):
        plot.gradient_flow(m, X, Y, tmp_path / "a.png")


# --- outputs


def test_histograms_count_each_output(drawn, tmp_path):
    m = model(layers.Dense(8, activation="relu"))
    plot.activations(m, X, tmp_path / "a.png", bins=10)
    for axes, name in zip(drawn[0].axes, ["dense", "dense_1"], strict=True):
        a = nn.teach.layer_output(m, X, name)
        counts, edges = np.histogram(a.astype(float), 10)
        assert axes.get_title(loc="left") == name
        assert [bar.get_height() for bar in axes.patches] == counts.tolist()
        assert np.allclose([bar.get_x() for bar in axes.patches], edges[:-1])
        assert axes.texts[0].get_text().startswith(f"{np.mean(a == 0):.0%} zero\nmean {a.mean(dtype=float):.3g}")


def test_histograms_of_some_layers(drawn, tmp_path):
    plot.activations(model(layers.ReLU(), layers.Dense(2)), X, tmp_path / "a.png", ["re_lu"])
    assert [axes.get_title(loc="left") for axes in drawn[0].axes] == ["re_lu"]
    for chosen, words in ((["nope"], "nope"), ([], "layers must be names of layers")):
        with pytest.raises(ArgumentError, match=words):
            plot.activations(model(layers.ReLU()), X, tmp_path / "a.png", chosen)
