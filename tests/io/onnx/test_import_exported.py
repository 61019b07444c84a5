"""What we export and import again gives the same outputs: every layer with its options, and whole networks."""

from itertools import product

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from numbanet import layers as L
from numbanet.errors import ArgumentError
from numbanet.io.onnx.reading import read_onnx
from numbanet.io.onnx.writing import onnx_model, write_onnx
from tests.io.onnx import node_tests
from tests.io.onnx.exported import built, samples
from tests.io.onnx.networks import NETWORKS
from tests.io.onnx.options import FAMILIES
from tests.layers.test_layer_contract import CASES, make

NOT_EXPORTED = {"Masking"}


def not_imported(layer):
    """Why a layer that is exported is not imported."""
    if isinstance(layer, L.Bidirectional):
        one, other = layer.layer, layer.backward_layer
        if type(one) is not type(other) or one.units != other.units or one.go_backwards:
            return "two layers beside each other: no single node, and ways are joined otherwise than by a sum"
    if isinstance(layer, L.Residual) and any(isinstance(inner, L.Embedding) for inner in layer.inner_layers):
        return "indices that are also added as numbers"
    return None


def assert_same_again(m, close=1e-6):
    """The import of the export computes the same from the same input, in the same layout."""
    c = read_onnx(onnx_model(m._network))
    assert c.input_shape == m._network.input_shape
    x = samples(m, 3)
    ours, again = m.predict(x), node_tests.built(c).predict(x)
    assert again.shape == ours.shape
    np.testing.assert_allclose(again, ours, rtol=close, atol=close * np.abs(ours).max())
    return c


@pytest.mark.parametrize("name", [name for name in CASES if name not in NOT_EXPORTED])
def test_layers_come_back(name):
    for shape, arguments in product(*CASES[name]):
        layer = make(name, arguments)
        m = built([layer], shape)
        if not_imported(layer):
            with pytest.raises(ArgumentError, match="cannot be imported"):
                read_onnx(onnx_model(m._network))
        else:
            assert_same_again(m)


@pytest.mark.compiled
@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_options_come_back(family):
    refused = 0
    for shape, layer in FAMILIES[family]():
        m = built([layer], shape)
        try:
            assert_same_again(m)
        except ArgumentError:
            if not not_imported(layer):
                raise
            refused += 1
        except AssertionError as error:
            error.add_note(f"{layer!r} of {shape}")
            raise
    assert refused == 0 or family in ("bidirectional", "residual")


@pytest.mark.compiled
@pytest.mark.parametrize("name", NETWORKS)
def test_whole_networks_come_back(name, tmp_path):
    shape, make_layers = NETWORKS[name]
    m = built(make_layers(), shape)
    c = assert_same_again(m)
    mine = [w for w in m.get_weights() if w.size > 1]
    theirs = {value.tobytes() for value in c.values}
    assert all(w.tobytes() in theirs for w in mine if w.ndim > 1)
    write_onnx(tmp_path / "net.onnx", m._network, name)
    assert read_onnx(tmp_path / "net.onnx").name == name


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_come_back_bit_by_bit(dtype):
    layers = [L.Conv2D(3, 2, activation="relu"), L.BatchNormalization(), L.Flatten(), L.Dense(4), L.Softmax()]
    m = built(layers, (5, 4, 2), dtype)
    c = assert_same_again(m)
    assert c.dtype == dtype
    assert [type(layer).__name__ for layer in c.layers] == [
        "Conv2D", "ReLU", "BatchNormalization", "Flatten", "Dense", "Softmax"
    ]  # fmt: skip
    assert all(np.array_equal(a, b) for a, b in zip(c.values, m.get_weights(), strict=True))
