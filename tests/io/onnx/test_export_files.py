"""What stands in an exported file, and how it is written."""

import subprocess
import sys

import numpy as np
import onnx
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, FileError, MissingDependency
from numbanet.io.onnx.writing import model as writing
from numbanet.io.onnx.writing import onnx_model, write_onnx
from tests.io.onnx.exported import assert_agree, built, checked


def small():
    return built([layers.Conv2D(2, 2, activation="relu"), layers.Flatten(), layers.Dense(3)], (3, 3, 1))


def test_a_file_says_what_it_is(tmp_path):
    m = small()
    write_onnx(tmp_path / "net.onnx", m._network, "digits")
    model = onnx.load(tmp_path / "net.onnx")
    assert (model.producer_name, model.producer_version) == ("numbanet", nn.__version__)
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 21)]
    assert model.ir_version == 10
    assert model.graph.name == "digits"
    (x,), (y,) = model.graph.input, model.graph.output
    assert (x.name, y.name) == ("input", "output")
    assert [d.dim_param or d.dim_value for d in x.type.tensor_type.shape.dim] == ["N", 3, 3, 1]
    assert [d.dim_param or d.dim_value for d in y.type.tensor_type.shape.dim] == ["N", 3]
    assert_agree(m, model)


def test_a_model_exports_itself_under_its_own_name(tmp_path):
    m = small()
    m.export(tmp_path / "a.onnx")
    write_onnx(tmp_path / "b.onnx", m._network, m.name)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    assert onnx.load(tmp_path / "a.onnx").graph.name == m.name


def test_nodes_and_weights_are_called_after_layers():
    m = built([layers.Residual([layers.Dense(4, "relu"), layers.Dense(4)], name="block"), layers.Dense(2)], (4,))
    graph = onnx_model(m._network).graph
    assert [(node.op_type, node.name) for node in graph.node] == [
        ("Gemm", "block/dense/Gemm"),
        ("Relu", "block/dense/Relu"),
        ("Gemm", "block/dense_1/Gemm"),
        ("Add", "block/Add"),
        ("Gemm", "dense/Gemm"),
    ]
    weights = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    assert list(weights) == m.weight_names
    assert all(np.array_equal(a, b) for a, b in zip(weights.values(), m.get_weights(), strict=True))


def test_the_same_model_gives_the_same_bytes_in_every_process(tmp_path):
    program = """
import sys
from numbanet import Sequential, layers
from numbanet.io.onnx.writing import write_onnx
m = Sequential([layers.LSTM(3, return_sequences=True), layers.Bidirectional(layers.GRU(2)), layers.Dense(2, "silu")])
m.build((5, 2), "reference")
write_onnx(sys.argv[1], m._network)
"""
    for name in ("a.onnx", "b.onnx"):
        subprocess.run([sys.executable, "-c", program, str(tmp_path / name)], check=True)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_an_input_of_indices_is_of_int64():
    m = built([layers.Reshape((2, 2)), layers.TimeDistributed(layers.Embedding(5, 3)), layers.Flatten()], (4,))
    model = checked(m)
    assert model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.INT64
    assert_agree(m, model)


def test_a_model_that_changes_nothing_has_one_node():
    m = built([layers.Dropout(0.5), layers.Flatten(), layers.Reshape((3, 2)), layers.Linear()], (3, 2))
    model = checked(m)
    assert [node.op_type for node in model.graph.node] == ["Identity"]
    assert_agree(m, model)


def test_flattened_images_come_with_permuted_rows_unless_the_order_is_wanted():
    m = built([layers.MaxPooling2D(1), layers.Flatten(), layers.Tanh(), layers.Dense(2, use_bias=False)], (2, 3, 4))
    model = checked(m)
    assert [node.op_type for node in model.graph.node] == ["Transpose", "MaxPool", "Tanh", "Flatten", "MatMul"]
    kernel = m.get_weights()[0].reshape(2, 3, 4, 2).transpose(2, 0, 1, 3).reshape(24, 2)
    assert np.array_equal(onnx.numpy_helper.to_array(model.graph.initializer[0]), kernel)
    assert_agree(m, model)
    wanted = built([layers.MaxPooling2D(1), layers.Flatten(), layers.Softmax(), layers.Dense(2)], (2, 3, 4))
    assert_agree(wanted, checked(wanted))


def test_what_cannot_be_written_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "net.onnx"
    path.write_bytes(b"old")
    masked = built([layers.Masking(), layers.LSTM(2)], (3, 2))
    with pytest.raises(ArgumentError, match=r"Masking \('masking'\): it makes a mask"):
        write_onnx(path, masked._network)
    with pytest.raises(ArgumentError, match="dtype must be one of float32, float64"):
        write_onnx(path, small()._network, dtype="float16")
    monkeypatch.setattr(writing, "MOST_BYTES", 2**20 + 8)
    with pytest.raises(ArgumentError, match="less than 2 GiB"):
        write_onnx(path, small()._network)
    assert path.read_bytes() == b"old"


def test_errors_of_the_file_and_of_the_path(tmp_path):
    with pytest.raises(FileError, match="cannot be written"):
        write_onnx(tmp_path / "missing" / "net.onnx", small()._network)
    with pytest.raises(ArgumentError, match="path"):
        write_onnx(3, small()._network)


def test_without_the_package_onnx_one_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingDependency, match=r"pip install 'numbanet\[onnx\]'"):
        write_onnx(tmp_path / "net.onnx", small()._network)
    assert not list(tmp_path.iterdir())
