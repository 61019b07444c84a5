"""What is read of a model's description, without Keras: anything with its methods will do."""

import numpy as np
import pytest

from numbanet import layers
from numbanet.errors import ArgumentError, DtypeError
from numbanet.io.keras import read_keras

from .round_trips import sequential


class Model:
    """As much of a model of Keras as is asked for: descriptions, and each layer's weights by its name."""

    def __init__(self, config, weights=()):
        self.name, self.layers, self._config, self._weights = "small", [], config, dict(weights)

    def get_config(self):
        return self._config

    def get_layer(self, name):
        return Layer(self._weights.get(name, []))


class Layer:
    def __init__(self, weights):
        self._weights = weights

    def get_weights(self):
        return self._weights


class Sequential(Model):
    pass


class Functional(Model):
    pass


def described(kind, name, **config):
    return {"module": "keras.layers", "class_name": kind, "config": {"name": name, **config}, "registered_name": None}


def chain(*nodes, shape=(None, 3)):
    return {"name": "small", "layers": list(nodes), "build_input_shape": list(shape)}


def dense(name, units=2):
    return described("Dense", name, units=units, activation="linear")


WEIGHTS = {"a": [np.ones((3, 2), "f4"), np.zeros(2, "f4")], "b": [np.ones((2, 2), "f4"), np.zeros(2, "f4")]}


def test_a_model_is_anything_with_its_methods():
    found = read_keras(Sequential(chain(dense("a"), dense("b")), WEIGHTS))
    assert [layer.name for layer in found.layers] == ["a", "b"]
    assert (found.name, found.input_shape, found.dtype) == ("small", (3,), "float32")
    assert sequential(found).predict(np.ones((1, 3), "f4")).tolist() == [[6, 6]]


def called(node, source, **keywords):
    """A layer of a Functional model, as Keras 3 writes it."""
    tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None, 3], "keras_history": [source, 0, 0]}}
    return node | {"name": node["config"]["name"], "inbound_nodes": [{"args": [tensor], "kwargs": keywords}]}


def functional(*nodes, end="b"):
    first = described("InputLayer", "x", batch_shape=[None, 3]) | {"name": "x", "inbound_nodes": []}
    return {"name": "small", "layers": [first, *nodes], "input_layers": [["x", 0, 0]], "output_layers": [[end, 0, 0]]}


def test_layers_of_a_functional_model_are_taken_from_its_input_to_its_output():
    config = functional(called(dense("b"), "a"), called(dense("a"), "x"))
    found = read_keras(Functional(config, WEIGHTS))
    assert [layer.name for layer in found.layers] == ["a", "b"]


def test_a_functional_model_of_an_older_keras_is_read():
    nodes = [dense("a") | {"name": "a", "inbound_nodes": [[["x", 0, 0, {}]]]}]
    nodes += [dense("b") | {"name": "b", "inbound_nodes": [[["a", 0, 0, {}]]]}]
    assert len(read_keras(Functional(functional(*nodes), WEIGHTS)).layers) == 2


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (functional(called(dense("a"), "x"), called(dense("b"), "x")), "'x' goes to 2 layers"),
        (functional(called(dense("a"), "x"), called(dense("b"), "c")), "'a' goes to 0 layers"),
        (functional(called(dense("a"), "x"), called(dense("b"), "a", training=True)), "called with training=True"),
        (
            functional(called(dense("a"), "x"), end="a") | {"input_layers": [["x", 0, 0], ["y", 0, 0]]},
            "it has 2 inputs",
        ),
        (functional(called(dense("a"), "x"), called(dense("c"), "d"), end="a"), "on no way from its input"),
    ],
)
def test_a_functional_model_with_branches_is_refused(config, message):
    with pytest.raises(ArgumentError, match=message):
        read_keras(Functional(config, WEIGHTS))


def test_frozen_layers_stay_frozen():
    frozen = described("Dense", "a", units=2, trainable=False)
    found = read_keras(Sequential(chain(frozen, dense("b")), WEIGHTS))
    assert [layer.trainable for layer in found.layers] == [False, True]


def test_a_stateful_layer_takes_the_batch_size_of_the_model():
    gru = described("SimpleRNN", "a", units=2, stateful=True, activation="tanh")
    weights = {"a": [np.ones((3, 2), "f4"), np.ones((2, 2), "f4"), np.ones(2, "f4")]}
    found = read_keras(Sequential(chain(gru, shape=(5, 4, 3)), weights))
    assert found.layers[0].batch_size == 5
    assert [a.shape for a in found.values] == [(3, 2), (2, 2), (2,), (5, 2)]
    with pytest.raises(ArgumentError, match="how many samples a batch has"):
        read_keras(Sequential(chain(gru, shape=(None, 4, 3)), weights))


def test_rescaling_is_a_normalization_backwards():
    found = read_keras(Sequential(chain(described("Rescaling", "a", scale=0.25, offset=-1.0))))
    assert type(found.layers[0]) is layers.Normalization
    x = np.array([[0.0, 4.0, 8.0]], "f4")
    assert sequential(found).predict(x).tolist() == [[-1, 0, 1]]


def test_names_that_layers_get_here_differ_from_those_of_keras():
    first = described("SeparableConv1D", "s", filters=2, kernel_size=[1], depth_multiplier=1)
    second = described("Dense", "conv1d", units=2)
    weights = {
        "s": [np.ones((1, 3, 1), "f4"), np.ones((1, 3, 2), "f4"), np.zeros(2, "f4")],
        "conv1d": [np.ones((2, 2), "f4"), np.zeros(2, "f4")],
    }
    found = read_keras(Sequential(chain(first, second, shape=(None, 5, 3)), weights))
    assert sorted(layer.name for layer in found.layers) == ["conv1d", "conv1d_1", "conv1d_2"]


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (described("Dense", "a", units=2, registered_name="x") | {"class_name": "Mine>Dense"}, "not of Keras"),
        (described("Dense", "a", units=2) | {"module": "mine.layers"}, "it is a class of mine.layers"),
        (described("Attention", "a"), "there is no layer for it"),
        (
            described("Dense", "a", units=2, dtype={"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}),
            "16",
        ),
        (
            described("Dense", "a", units=3),
            r"its kernel has the shape \(3, 2\), expected \(3, 3\)",
        ),
        (described("Flatten", "a"), "2 more arrays of weights"),
        (described("BatchNormalization", "a"), "its gamma has the shape"),
        (described("Dense", "a", units=2, activity_regularizer={"class_name": "L2"}), "activity_regularizer"),
        (described("ReLU", "a", max_value=6.0), "max_value=6.0, only None is known"),
        (described("Rescaling", "a", scale=-1.0), "only a positive scale"),
        (described("Bidirectional", "a", layer=dense("c"), merge_mode="concat"), "it goes over Dense"),
        (described("LSTM", "a", units=2, return_state=True), "return_state=True is not known here"),
    ],
)
def test_a_layer_that_has_none_here_is_refused(node, message):
    with pytest.raises(ArgumentError, match=message):
        read_keras(Sequential(chain(node), WEIGHTS))


def test_all_layers_that_have_none_here_are_told():
    nodes = [described("PReLU", "p"), dense("a"), described("Lambda", "l"), described("ReLU", "r", threshold=1.0)]
    with pytest.raises(ArgumentError) as error:
        read_keras(Sequential(chain(*nodes), WEIGHTS))
    assert [line.partition(" (")[0].strip() for line in str(error.value).splitlines()[1:]] == ["p", "l", "r"]


def test_what_is_no_model_is_refused():
    for value in (3, None, np.ones(3), [dense("a")]):
        with pytest.raises(ArgumentError, match="expected a model of Keras"):
            read_keras(value)
    for config in ({}, {"layers": 3}, {"layers": [3]}):
        with pytest.raises(ArgumentError, match="expected a Sequential, or a Functional model"):
            read_keras(Model(config))
    with pytest.raises(ArgumentError, match="with layers"):
        read_keras(Sequential(chain(described("InputLayer", "x", batch_shape=[None, 3]))))


def test_weights_of_two_types_are_refused():
    mixed = WEIGHTS | {"b": [a.astype("f8") for a in WEIGHTS["b"]]}
    with pytest.raises(DtypeError, match="float32"):
        read_keras(Sequential(chain(dense("a"), dense("b")), mixed))
    assert read_keras(Sequential(chain(dense("a")), {"a": [a.astype("f8") for a in WEIGHTS["a"]]})).dtype == "float64"
