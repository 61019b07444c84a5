"""What cannot be imported is said at once, with names; files that are damaged are refused, and nothing else happens."""

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import onnx
from onnx import TensorProto, helper

from numbanet.errors import ArgumentError, FileError
from numbanet.io.onnx.reading import read_onnx
from tests.io.onnx.graphs import draw, graph


def reasons(model, **given):
    with pytest.raises(ArgumentError) as caught:
        read_onnx(model, **given)
    return str(caught.value).splitlines()


def test_all_nodes_that_cannot_be_imported_are_listed_at_once():
    nodes = [
        ("Einsum", "x w", "a", {"equation": "ni,ij->nj"}),
        ("Relu", "a", "b", {}),
        ("TopK", "b k", "c d", {"axis": 1}),
        ("Gemm", "c w", "e", {}),
        ("PRelu", "e s", "f", {}),
        ("CumSum", "f one", "y", {}),
    ]
    constants = {"w": draw(4, 4), "k": np.array([4]), "s": draw(4), "one": np.array(1)}
    first, *lines = reasons(graph(nodes, ["n", 4], **constants))
    assert first == "from_onnx: the graph 'made' cannot be imported because of 4 of 6 nodes:"
    assert lines == [
        "  Einsum 'a': its operator is not supported",
        "  TopK 'c': its operator is not supported",
        "  PRelu 'f': it has a slope for each channel; ours, LeakyReLU, has one",
        "  CumSum 'y': its operator is not supported",
    ]


REFUSED = {
    "no layer of ours transposes": (
        [("MatMul", "x w", "a", {}), ("Transpose", "a", "b", {"perm": [0, 2, 1]}), ("MatMul", "b v", "y", {})],
        {"w": draw(4, 4), "v": draw(3, 2)},
    ),
    "export the model in inference mode": (
        [("Constant", "", "t", {"value": helper.make_tensor("t", TensorProto.BOOL, [], [True])}),
         ("Constant", "", "r", {"value_float": 0.5}), ("Dropout", "x r t", "y", {})], {}),
    "it joins two ways": ([("MatMul", "x w", "a", {}), ("MatMul", "x v", "b", {}), ("Mul", "a b", "y", {})],
                          {"w": draw(4, 4), "v": draw(4, 4)}),
    "it adds tensors of shapes": ([("MatMul", "x w", "a", {}), ("ReduceMean", "a k", "b", {}), ("Add", "a b", "y", {})],
                                  {"w": draw(4, 4), "k": np.array([1])}),
    "is used in two places": (
        [("MatMul", "x w", "a", {}), ("MatMul", "a v", "b", {}), ("Tanh", "b", "c", {}), ("Add", "a c", "d", {}),
         ("Add", "d b", "y", {})], {"w": draw(4, 4), "v": draw(4, 4)}),
    "its output 1 is used": ([("MaxPool", "x", "a b", {"kernel_shape": [2]}), ("Relu", "b", "y", {})], {}),
    "it reduces all axes": ([("ReduceMean", "x", "y", {})], {}),
    "it makes a constant of": ([("ConstantOfShape", "s", "a", {}), ("Add", "x a", "y", {})],
                               {"s": np.array([2**20, 2**20])}),
}  # fmt: skip


@pytest.mark.parametrize("reason", REFUSED)
def test_each_refusal_says_why(reason):
    nodes, constants = REFUSED[reason]
    assert reason in "\n".join(reasons(graph(nodes, ["n", 3, 4], **constants)))


def test_unknown_sizes_are_asked_for():
    nodes = [("Conv", "x w", "a", {}), ("GlobalAveragePool", "a", "b", {}), ("Flatten", "b", "y", {})]
    model = graph(nodes, ["n", 3, "height", "width"], w=draw(4, 3, 3, 3))
    assert reasons(model) == [
        "from_onnx: expected an input 'x' of known sizes but for the batch axis; they are (n, 3, height, width). Give "
        "them in the file's order, with None for the batch axis: input_shape=(None, 3, 224, 224)"
    ]
    assert read_onnx(model, (None, 3, 8, 9)).input_shape == (8, 9, 3)
    assert read_onnx(model, (3, 8, 9)).input_shape == (8, 9, 3)
    for given in [(None, 4, 8, 9), (3, 8), (None, 3, None, 9), (1, 3, 8, 9)]:
        assert "must be the sizes of the input 'x' in the file's order" in reasons(model, input_shape=given)[0]
    for given in ["3", (0, 3), (None, 3.0, 8, 9), 7]:
        with pytest.raises(ArgumentError, match="input_shape must be"):
            read_onnx(model, given)


def test_one_of_several_outputs_is_chosen():
    model = graph([("Relu", "x", "a", {}), ("Tanh", "x", "y", {})], ["n", 3], "a")
    model.graph.output.append(helper.make_tensor_value_info("y", TensorProto.FLOAT, []))
    assert reasons(model) == ["from_onnx: the graph has outputs ['a', 'y']; choose one by output="]
    assert [type(layer).__name__ for layer in read_onnx(model, output="y").layers] == ["Tanh"]
    assert "output must be one of ['a', 'y']" in reasons(model, output="z")[0]


def test_graphs_of_several_inputs_or_other_types_are_refused():
    model = graph([("MatMul", "x z", "y", {})], ["n", 3])
    model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [3, 2]))
    assert reasons(model) == ["from_onnx: expected a graph with one input, found 2: ['x', 'z']"]
    half = graph([("Relu", "x", "y", {})], ["n", 3], kind=TensorProto.FLOAT16, out=TensorProto.FLOAT16)
    assert "expected an input of float32, float64, int32 or int64" in reasons(half)[0]


def test_what_is_no_path_and_no_model_is_refused():
    for source in (7, None, b"model", ["a"]):
        with pytest.raises(ArgumentError, match="path"):
            read_onnx(source)


def test_files_that_are_none_are_file_errors(tmp_path):
    with pytest.raises(FileError, match="cannot be read"):
        read_onnx(tmp_path / "missing.onnx")
    with pytest.raises(FileError):
        read_onnx(tmp_path)
    for content in (b"", b"\0" * 100, b"not a model", bytes(range(256))):
        path = tmp_path / "bad.onnx"
        path.write_bytes(content)
        with pytest.raises(FileError, match=r"bad\.onnx"):
            read_onnx(path)


def test_weights_in_other_files_are_refused(tmp_path):
    path = tmp_path / "net.onnx"
    model = graph([("Gemm", "x w", "y", {})], ["n", 40], w=draw(40, 40))
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=16)
    with pytest.raises(FileError, match="'w' lie in another file"):
        read_onnx(path)
    onnx.save(onnx.load(path), path)
    assert read_onnx(path).values[0].shape == (40, 40)


def test_weights_that_are_not_finite_are_refused():
    w = draw(3, 2)
    w[1, 1] = np.nan
    with pytest.raises(FileError, match="finite weights"):
        read_onnx(graph([("Gemm", "x w", "y", {})], ["n", 3], w=w))


@pytest.mark.parametrize(
    ("operator", "attributes", "w"),
    [
        ("Conv", {"strides": [0, 1]}, (4, 3, 2, 2)),
        ("Conv", {"strides": [1]}, (4, 3, 2, 2)),
        ("Conv", {"group": 0}, (4, 3, 2, 2)),
        ("Conv", {"group": -3}, (4, 3, 2, 2)),
        ("Conv", {"dilations": [2**40, 2**40]}, (4, 3, 2, 2)),
        ("Conv", {"pads": [-1, 0, 0, 0]}, (4, 3, 2, 2)),
        ("Conv", {}, (4, 2, 2, 2)),
        ("Conv", {}, (4, 3, 9, 9)),
        ("Conv", {}, (0, 3, 2, 2)),
        ("Conv", {}, (4, 3, 2)),
        ("ConvTranspose", {"output_padding": [3, 3]}, (3, 2, 2, 2)),
        ("Gemm", {}, (3, 2)),
        ("LSTM", {"hidden_size": 5}, (1, 4, 3)),
        ("InstanceNormalization", {}, (2,)),
        ("Gather", {"axis": 9}, (3,)),
        ("Reshape", {}, (3,)),
    ],
)
def test_numbers_that_make_no_sense_are_refused(operator, attributes, w):
    model = graph([(operator, "x w w" if operator in ("LSTM", "InstanceNormalization") else "x w", "y", attributes)],
                  ["n", 3, 6, 6], w=draw(*w))  # fmt: skip
    with pytest.raises((ArgumentError, FileError)):
        read_onnx(model)


def test_functions_that_call_themselves_are_refused():
    model = graph([("Relu", "x", "a", {})], ["n", 3])
    body = [helper.make_node("again", ["v"], ["u"], domain="own")]
    model.functions.append(helper.make_function("own", "again", ["v"], ["u"], body, [helper.make_opsetid("own", 1)]))
    model.opset_import.append(helper.make_opsetid("own", 1))
    model.graph.node.append(helper.make_node("again", ["a"], ["y"], domain="own"))
    model.graph.output[0].name = "y"
    with pytest.raises(FileError, match="again"):
        read_onnx(model)


def hostile_source():
    nodes = [
        ("Conv", "x w b", "a", {"pads": [1, 1, 1, 1]}),
        ("Relu", "a", "c", {}),
        ("MaxPool", "c", "d", {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("Reshape", "d s", "e", {}),
        ("MatMul", "e k", "f", {}),
        ("Add", "f g", "y", {}),
    ]
    constants = {"w": draw(3, 2, 3, 3), "b": draw(3), "s": np.array([-1, 12]), "k": draw(12, 2), "g": draw(2)}
    return graph(nodes, ["n", 2, 4, 4], **constants).SerializeToString()


def damaged(content, count):
    """Copies with bytes changed, cut off, left out or put in."""
    random = np.random.default_rng(3)
    for k in range(count):
        data = bytearray(content)
        for _ in range(1 + k % 3):
            place = int(random.integers(len(data)))
            kind = random.integers(4)
            if kind == 0:
                data[place] ^= 1 << int(random.integers(8))
            elif kind == 1:
                data[place] = int(random.integers(256))
            elif kind == 2:
                del data[place : place + int(random.integers(1, 20))]
            else:
                data[place:place] = random.bytes(int(random.integers(1, 5)))
        yield bytes(data)


@pytest.mark.parametrize("count", [400, pytest.param(6000, marks=pytest.mark.slow)])
def test_damaged_files_are_refused_or_read_and_nothing_else(tmp_path, count):
    path, read = tmp_path / "net.onnx", 0
    for content in damaged(hostile_source(), count):
        path.write_bytes(content)
        try:
            read_onnx(path)
            read += 1
        except (ArgumentError, FileError):
            pass
    assert 0 < read < count
