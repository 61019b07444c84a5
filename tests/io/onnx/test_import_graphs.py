"""Graphs as exporters write them: their layouts, patterns and ways round, beside onnxruntime."""

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx import TensorProto
from onnx import helper as onnx_helper

from numbanet import layers as L
from numbanet.io.onnx.reading import read_onnx
from tests.io.onnx.graphs import assert_imports, draw, graph


def test_a_dense_behind_a_flatten_takes_its_rows_in_our_order():
    nodes = [("Conv", "x w b", "a", {}), ("Relu", "a", "r", {}), ("Flatten", "r", "f", {}), ("Gemm", "f k c", "y", {})]
    model = graph(nodes, ["n", 3, 5, 6], w=draw(4, 3, 2, 3), b=draw(4), k=draw(64, 7), c=draw(7))
    c = assert_imports(model, draw(2, 3, 5, 6), "Conv2D ReLU Flatten Dense")
    assert (c.input_shape, c.input_axes, c.output_axes) == ((5, 6, 3), (0, 2, 3, 1), (0, 1))


def test_transposes_from_channels_last_and_back_are_nothing():
    nodes = [
        ("Transpose", "x", "a", {"perm": [0, 3, 1, 2]}),
        ("Conv", "a w", "b", {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
        ("MaxPool", "b", "c", {"kernel_shape": [2, 2]}),
        ("Transpose", "c", "d", {"perm": [0, 2, 3, 1]}),
        ("Add", "d e", "y", {}),
    ]
    model = graph(nodes, ["n", 9, 8, 3], w=draw(4, 3, 3, 3), e=draw(4))
    c = assert_imports(model, draw(2, 9, 8, 3), "Conv2D MaxPooling2D BatchNormalization")
    assert (c.input_shape, c.input_axes, c.output_axes) == ((9, 8, 3), (0, 1, 2, 3), (0, 1, 2, 3))


def test_channels_are_shuffled_by_the_next_layer_s_weights():
    nodes = [
        ("Conv", "x w", "a", {}),
        ("Reshape", "a s", "b", {}),
        ("Transpose", "b", "c", {"perm": [0, 2, 1, 3, 4]}),
        ("Reshape", "c t", "d", {}),
        ("Conv", "d v", "e", {"group": 6}),
        ("BatchNormalization", "e g h i j", "f", {}),
        ("Conv", "f u", "y", {}),
    ]
    weights = {"w": draw(6, 2, 1, 1), "v": draw(6, 1, 2, 2), "u": draw(3, 6, 1, 1)}
    vectors = {"g": draw(6), "h": draw(6), "i": draw(6), "j": abs(draw(6)) + 1}
    shapes = {"s": np.array([-1, 2, 3, 4, 5]), "t": np.array([-1, 6, 4, 5])}
    model = graph(nodes, ["n", 2, 4, 5], **weights, **vectors, **shapes)
    assert_imports(model, draw(3, 2, 4, 5), "Conv2D DepthwiseConv2D BatchNormalization Conv2D")


def test_a_dense_gives_its_outputs_in_the_order_that_images_need():
    nodes = [
        ("Gemm", "x w b", "a", {}),
        ("BatchNormalization", "a g h i j", "c", {}),
        ("Relu", "c", "d", {}),
        ("Reshape", "d s", "e", {}),
        ("ConvTranspose", "e v", "y", {"strides": [2, 2], "pads": [1, 0, 0, 1], "output_padding": [1, 0]}),
    ]
    vectors = {"g": draw(24), "h": draw(24), "i": draw(24), "j": abs(draw(24)) + 1}
    model = graph(nodes, ["n", 5], w=draw(5, 24), b=draw(24), s=np.array([-1, 4, 2, 3]), v=draw(4, 3, 3, 2), **vectors)
    assert_imports(model, draw(2, 5), "Dense BatchNormalization ReLU Reshape Conv2DTranspose")


def test_shapes_are_computed_for_any_batch():
    nodes = [
        ("Shape", "x", "s", {}),
        ("Gather", "s zero", "n", {"axis": 0}),
        ("Unsqueeze", "n axes", "m", {}),
        ("Concat", "m rest", "shape", {"axis": 0}),
        ("Reshape", "x shape", "a", {}),
        ("MatMul", "a w", "b", {}),
        ("Add", "c b", "y", {}),
    ]
    constants = {"zero": np.array(0), "axes": np.array([0]), "rest": np.array([-1, 3]), "w": draw(3, 2), "c": draw(2)}
    model = graph(nodes, ["n", 12], **constants)
    c = assert_imports(model, draw(5, 12), "Reshape TimeDistributed")
    assert len(c.values) == 2  # the sum after the product is its bias


def test_ways_round_are_residuals_also_one_in_another():
    nodes = [
        ("Gemm", "x a", "h", {}),
        ("Gemm", "h b", "i", {}),
        ("Tanh", "i", "j", {}),
        ("Add", "j i", "k", {}),
        ("Gemm", "h c", "l", {}),
        ("Sum", "k l", "m", {}),
        ("Relu", "m", "n", {}),
        ("Gemm", "n b", "o", {}),
        ("Add", "n o", "y", {}),
    ]
    model = graph(nodes, ["n", 3], a=draw(3, 4), b=draw(4, 4), c=draw(4, 4))
    c = assert_imports(model, draw(6, 3), "Dense Residual ReLU Residual")
    assert [type(layer) for layer in c.layers[1].inner_layers] == [L.Dense, L.Residual, L.Dense]


@pytest.mark.parametrize(
    ("names", "nodes"),
    [
        ("GELU", [("Div", "x s", "a", {}), ("Erf", "a", "b", {}), ("Add", "b one", "c", {}), ("Mul", "c x", "d", {}),
                  ("Mul", "d half", "y", {})]),
        ("Silu", [("Sigmoid", "x", "a", {}), ("Mul", "a x", "y", {})]),
        ("Mish", [("Softplus", "x", "a", {}), ("Tanh", "a", "b", {}), ("Mul", "x b", "y", {})]),
        ("Softplus", [("Exp", "x", "a", {}), ("Add", "a one", "b", {}), ("Log", "b", "y", {})]),
        ("LeakyReLU", [("Mul", "x half", "a", {}), ("Max", "x a", "y", {})]),
        ("ReLU Softsign", [("Relu", "x", "r", {}), ("Abs", "r", "a", {}), ("Add", "a one", "b", {}),
                           ("Div", "r b", "y", {})]),
        ("BatchNormalization HardSigmoid BatchNormalization", [("Clip", "x zero six", "y", {})]),
        ("BatchNormalization Tanh", [("Mul", "x half", "a", {}), ("Add", "a one", "b", {}), ("Tanh", "b", "y", {})]),
    ],
)  # fmt: skip
def test_activations_written_as_several_nodes_are_found_again(names, nodes):
    numbers = {"s": 2**0.5, "one": 1.0, "half": 0.5, "zero": 0.0, "six": 6.0}
    model = graph(nodes, ["n", 4], **{name: np.float32(v) for name, v in numbers.items()})
    assert_imports(model, 3 * draw(20, 4), names)


def test_functions_that_are_none_of_ours_are_not_taken_for_one():
    nodes = [("Sigmoid", "x", "a", {}), ("Mul", "a x", "b", {}), ("Mul", "b x", "y", {})]
    with pytest.raises(ValueError, match=r"1 of 3 nodes[^$]*Mul 'y': no layer of ours computes this"):
        read_onnx(graph(nodes, ["n", 4]))


@pytest.mark.parametrize("square", ["Pow", "Mul"])
def test_a_normalization_written_as_several_nodes_is_found_again(square):
    nodes = [
        ("ReduceMean", "x", "m", {"axes": [-1]}),
        ("Sub", "x m", "d", {}),
        (square, "d two" if square == "Pow" else "d d", "p", {}),
        ("ReduceMean", "p", "v", {"axes": [-1]}),
        ("Add", "v epsilon", "e", {}),
        ("Sqrt", "e", "s", {}),
        ("Div", "d s", "n", {}),
        ("Mul", "n gamma", "g", {}),
        ("Add", "g beta", "y", {}),
    ]
    numbers = {"two": np.float32(2), "epsilon": np.float32(1e-5), "gamma": draw(6), "beta": draw(6)}
    c = assert_imports(graph(nodes, ["n", 5, 6], opset=13, **numbers), draw(2, 5, 6), "LayerNormalization")
    np.testing.assert_array_equal(c.values[0], numbers["gamma"])


def test_float64_graphs_make_float64_models_in_every_field_of_a_tensor():
    model = graph([("Gemm", "x w b", "y", {})], ["n", 3], kind=TensorProto.DOUBLE, w=draw(3, 2, dtype="float64"))
    model.graph.initializer.append(onnx_helper.make_tensor("b", TensorProto.DOUBLE, [2], [0.25, 1 / 3], raw=False))
    c = assert_imports(model, draw(4, 3, dtype="float64"))
    assert (c.dtype, c.values[1].dtype, c.values[1][1]) == ("float64", np.float64, 1 / 3)


@pytest.mark.parametrize("opset", [7, 8, 9, 10, 11, 12, 13, 15, 17, 18, 20, 21, 22, 23])
def test_every_version_of_the_operators_is_read(opset):
    nodes = [("Conv", "x w b", "a", {"pads": [1, 1, 1, 1]}), ("BatchNormalization", "a g h i j", "c", {})]
    nodes += [("Relu", "c", "d", {}), ("AveragePool", "d", "e", {"kernel_shape": [2, 2], "strides": [2, 2]})]
    constants = {"w": draw(4, 2, 3, 3), "b": draw(4), "g": draw(4), "h": draw(4), "i": draw(4), "j": abs(draw(4)) + 1}
    dropout = ("Dropout", "e", "f", {"ratio": 0.25})
    if opset >= 12:
        dropout, constants["ratio"] = ("Dropout", "e ratio", "f", {}), np.float32(0.25)
    squeeze = ("Squeeze", "k", "l", {"axes": [2, 3]})
    if opset >= 13:
        squeeze, constants["places"] = ("Squeeze", "k places", "l", {}), np.array([2, 3])
    nodes += [dropout, ("GlobalAveragePool", "f", "k", {}), squeeze, ("Softmax", "l", "y", {"axis": 1})]
    names = "Conv2D BatchNormalization ReLU AveragePooling2D Dropout GlobalAveragePooling2D Softmax"
    c = assert_imports(graph(nodes, ["n", 2, 6, 6], opset=opset, **constants), draw(2, 2, 6, 6), names)
    assert c.layers[4].rate == 0.25


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("operator", ["RNN", "LSTM", "GRU"])
def test_recurrent_layers_read_steps_first_or_samples_first(operator, direction):
    ways, gates = 2 if direction == "bidirectional" else 1, {"RNN": 1, "LSTM": 4, "GRU": 3}[operator]
    weights = {"w": draw(ways, 3 * gates, 4), "r": draw(ways, 3 * gates, 3), "b": draw(ways, 6 * gates)}
    node = (operator, "x w r b", "y h", {"hidden_size": 3, "direction": direction})
    c = assert_imports(graph([node], [5, "n", 4], "h", **weights), draw(5, 2, 4))
    assert (c.input_shape, c.input_axes, c.output_axes) == ((5, 4), (1, 0, 2), (1, 0, 2))
    before = ("Transpose", "x", "z", {"perm": [1, 0, 2]})
    model = graph([before, (operator, "z w r b", "y h", node[3])], ["n", 5, 4], "h", **weights)
    first = assert_imports(model, draw(2, 5, 4))
    assert (first.input_shape, first.input_axes) == ((5, 4), (0, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(c.values, first.values, strict=True))
    if direction != "reverse":  # whose steps ours gives in the order of reading
        every = graph([node, ("Relu", "y", "z", {})], [5, "n", 4], "z", **weights)
        assert_imports(every, draw(5, 2, 4))


def test_a_model_s_own_functions_are_read_as_their_bodies():
    model = graph([("Gemm", "x w", "a", {})], ["n", 3], w=draw(3, 3))
    body = [onnx_helper.make_node("Sigmoid", ["v"], ["s"]), onnx_helper.make_node("Mul", ["v", "s"], ["u"])]
    model.functions.append(
        onnx_helper.make_function("own", "twist", ["v"], ["u"], body, [onnx_helper.make_opsetid("", 21)])
    )
    model.opset_import.append(onnx_helper.make_opsetid("own", 1))
    model.graph.node.append(onnx_helper.make_node("twist", ["a"], ["y"], domain="own"))
    model.graph.output[0].name = "y"
    assert_imports(model, draw(4, 3), "Dense Silu")


def test_constants_are_folded():
    nodes = [
        ("Constant", "", "c", {"value_floats": [1.0, 2.0, 3.0]}),
        ("Transpose", "w", "v", {"perm": [1, 0]}),
        ("Cast", "i", "k", {"to": TensorProto.FLOAT}),
        ("Mul", "v k", "u", {}),
        ("Identity", "u", "t", {}),
        ("Gemm", "x t c", "y", {"alpha": 0.5, "beta": 2.0}),
    ]
    assert_imports(graph(nodes, ["n", 4], w=draw(3, 4), i=np.array([1, 2, 3])), draw(2, 4), "Dense")


def test_the_last_step_of_a_sequence_is_cut_out():
    nodes = [("Gather", "x last", "a", {"axis": 1}), ("Gemm", "a w", "y", {})]
    model = graph(nodes, ["n", 5, 3], last=np.array(-1), w=draw(3, 2))
    assert_imports(model, draw(2, 5, 3), "Cropping1D Flatten Dense")


def test_an_instance_normalization_of_several_channels_is_one_of_groups():
    nodes = [
        ("Conv", "x w", "a", {}),
        ("Reshape", "a s", "b", {}),
        ("InstanceNormalization", "b g h", "c", {}),
        ("Reshape", "c t", "d", {}),
        ("Mul", "d k", "y", {}),
    ]
    constants = {"w": draw(6, 2, 2, 2), "s": np.array([0, 3, -1]), "t": np.array([-1, 6, 3, 4])}
    model = graph(nodes, ["n", 2, 4, 5], g=draw(3), h=draw(3), k=draw(6, 1, 1), **constants)
    c = assert_imports(model, draw(2, 2, 4, 5), "Conv2D GroupNormalization BatchNormalization")
    assert c.layers[1].groups == 3
