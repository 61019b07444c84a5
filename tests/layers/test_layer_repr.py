"""The repr of a layer: what differs from the defaults, as one would write it."""

import pytest

import numbanet as nn
from numbanet import initializers, layers, regularizers

NAMES = {"__builtins__": {}} | vars(initializers) | vars(regularizers) | vars(layers)

REPRS = [
    (layers.ReLU(), "ReLU()"),
    (layers.Flatten(name="flat"), "Flatten(name='flat')"),
    (layers.ELU(), "ELU()"),
    (layers.ELU(0.5), "ELU(alpha=0.5)"),
    (layers.Dropout(0.0), "Dropout(rate=0.0)"),
    (layers.GELU(approximate=True), "GELU(approximate=True)"),
    (layers.Dense(3), "Dense(units=3)"),
    (layers.Dense(3, None, True, "glorot_uniform", initializers.Zeros()), "Dense(units=3)"),
    (layers.Dense(3, use_bias=False, name="d"), "Dense(name='d', units=3, use_bias=False)"),
    (
        layers.Dense(4, activation=layers.ELU(0.5), kernel_regularizer="l1"),
        "Dense(units=4, activation=ELU(alpha=0.5), kernel_regularizer=L1(l1=0.01))",
    ),
    (
        layers.Dense(2, kernel_initializer=initializers.Constant(0.5), bias_regularizer=regularizers.L2(0.25)),
        "Dense(units=2, kernel_initializer=Constant(value=0.5), bias_regularizer=L2(l2=0.25))",
    ),
]


@pytest.mark.parametrize(("layer", "text"), REPRS, ids=[text for _, text in REPRS])
def test_repr_shows_what_is_not_usual(layer, text):
    config = layer.get_config()
    assert repr(layer) == text
    assert layer.get_config() == config
    again = eval(text, NAMES)
    assert repr(again) == text
    assert again.get_config() == config


def test_repr_shows_activations_by_name_or_by_layer():
    assert eval(repr(layers.Dense(3, "tanh")), NAMES).get_config() == layers.Dense(3, "tanh").get_config()
    assert repr(layers.Dense(3, "tanh")) == repr(layers.Dense(3, layers.Tanh())) == "Dense(units=3, activation=Tanh())"


def test_a_model_shows_its_layers_so():
    m = nn.Sequential([layers.Dense(3, "relu"), layers.Dropout(0.5)], seed=4)
    shown = "[Dense(name='dense', units=3, activation=ReLU()), Dropout(name='dropout', rate=0.5)]"
    assert repr(m) == f"Sequential({shown}, seed=4)"
