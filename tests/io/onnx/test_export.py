"""Exports beside onnxruntime: every layer with its options, whole networks, and what is refused."""

from itertools import product

import pytest
from onnx import TensorProto

from numbanet import layers
from numbanet.errors import ArgumentError
from numbanet.io.onnx.writing.model import REASONS, WRITERS, onnx_model
from numbanet.layers.base import Layer
from tests.io.onnx.exported import assert_agree, built, checked, difference, operators
from tests.io.onnx.networks import NETWORKS
from tests.io.onnx.options import FAMILIES
from tests.layers.test_layer_contract import CASES, make

REFUSED = {"Masking": (layers.Masking(), "it makes a mask, for which a graph has no place")}
NO_LAYERS = {"Description", "Layer", "Parameter", "Tensors"}

# which options are refused, and why
OPTIONS = {
    "mask_zero=True makes a mask": [((5,), layers.Embedding(9, 3, mask_zero=True)), ((5, 3), layers.LSTM(3))],
    "stateful=True keeps states": [((5, 3), layers.GRU(2, stateful=True, batch_size=2))],
    "ONNX's RNN knows no activation 'selu'": [((5, 3), layers.SimpleRNN(2, "selu"))],
    "ONNX's LSTM knows no activation 'selu'": [((5, 3), layers.Bidirectional(layers.LSTM(2, "tanh", "selu")))],
}


def test_every_layer_is_exported_or_refused_with_a_reason():
    public = {name for name in layers.__all__ if issubclass(getattr(layers, name), Layer)} - NO_LAYERS
    assert {cls.__name__ for cls in WRITERS} == public - set(REFUSED)
    assert public == set(CASES)
    for name, (layer, reason) in REFUSED.items():
        assert REASONS[type(layer)](layer) == reason, name


@pytest.mark.parametrize("name", [name for name in CASES if name not in REFUSED])
def test_onnxruntime_agrees_on_every_layer(name):
    for shape, arguments in product(*CASES[name]):
        m = built([make(name, arguments)], shape)
        assert_agree(m, checked(m))


@pytest.mark.compiled  # half a minute in plain Python
@pytest.mark.parametrize("family", FAMILIES)
def test_onnxruntime_agrees_on_options(family):
    for shape, layer in FAMILIES[family]():
        m = built([layer], shape)
        try:
            assert_agree(m, checked(m))
        except Exception as error:
            error.add_note(f"{layer!r} of {shape}")
            raise


@pytest.mark.compiled
@pytest.mark.parametrize("name", NETWORKS)
def test_onnxruntime_agrees_on_whole_networks(name):
    shape, make_layers = NETWORKS[name]
    m = built(make_layers(), shape)
    assert_agree(m, checked(m))


@pytest.mark.parametrize("reason", OPTIONS)
def test_options_without_an_operator_are_refused_by_name(reason):
    (shape, layer), *above = OPTIONS[reason]
    m = built([layer, *(each for _, each in above)], shape)
    with pytest.raises(ArgumentError, match=reason) as caught:
        onnx_model(m._network)
    assert repr(layer.name) in str(caught.value)


def test_own_layers_and_activations_are_refused_by_name_all_at_once():
    class Mine(layers.Dense):
        pass

    class Bent(layers.ReLU):
        pass

    inside = layers.Residual([layers.Dense(4), Mine(4)], name="block")
    m = built([Mine(4, name="first"), inside, layers.Dense(4, Bent(), name="last")], (4,))
    with pytest.raises(ArgumentError, match="no operator for a class of your own") as caught:
        onnx_model(m._network)
    assert all(each in str(caught.value) for each in ("Mine ('first')", "Mine ('block')", "Bent ('last')"))


@pytest.mark.parametrize(
    ("name", "transposes"),
    [
        ("lenet", 1),
        ("cnn with batch normalisation", 1),
        ("depthwise cnn", 1),
        ("residual cnn", 1),
        ("mlp", 0),
        ("text", 0),
        ("lstm", 1),
        ("stacked gru", 2),
    ],
)
def test_transposes_cancel_inside_of_the_network(name, transposes):
    shape, make_layers = NETWORKS[name]
    found = operators(onnx_model(built(make_layers(), shape)._network))
    assert found.count("Transpose") == transposes
    assert "Reshape" not in found


@pytest.mark.parametrize("name", [name for name in CASES if name not in REFUSED])
def test_files_of_float64_models_are_of_float64(name):
    for shape, arguments in product(*CASES[name]):
        model = checked(built([make(name, arguments)], shape, "float64"))
        assert model.graph.output[0].type.tensor_type.elem_type == TensorProto.DOUBLE
        kinds = {tensor.data_type for tensor in model.graph.initializer if not tensor.name.endswith("scales")}
        assert kinds <= {TensorProto.DOUBLE, TensorProto.INT64}


def test_onnxruntime_agrees_in_float64_where_it_has_kernels():
    norms = layers.LayerNormalization(), layers.GroupNormalization(2), layers.BatchNormalization()
    m = built([layers.Dense(4, "tanh"), *norms, layers.Dense(2, "softmax")], (3,), "float64")
    assert difference(m, checked(m)) <= 1e-7  # epsilon is of float32 in a file


def test_a_float64_model_can_be_rounded_to_float32():
    def make_layers():
        return [layers.Conv2D(3, 2), layers.BatchNormalization(), layers.Flatten(), layers.Dense(2, "softmax")]

    rounded = checked(built(make_layers(), (4, 4, 2), "float64"), dtype="float32")
    assert {tensor.data_type for tensor in rounded.graph.initializer} == {TensorProto.FLOAT}
    assert_agree(built(make_layers(), (4, 4, 2)), rounded)  # whose weights float32 holds exactly
