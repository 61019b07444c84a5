"""Small ONNX graphs, made by hand, and what onnxruntime makes of them."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from numbanet.io.onnx.reading import read_onnx
from tests.io.onnx.node_tests import ours, run

onnxruntime.set_default_logger_severity(4)
RANDOM = np.random.default_rng(5)


def draw(*shape, dtype="float32"):
    return RANDOM.standard_normal(shape).astype(dtype)


def graph(nodes, sizes, output=None, opset=21, kind=TensorProto.FLOAT, out=None, **constants):
    """A model of nodes (operator, inputs, output, attributes), whose input is x and whose output the last node's."""
    made = [helper.make_node(op, ins.split(), outs.split(), **attributes) for op, ins, outs, attributes in nodes]
    last = output or made[-1].output[0]
    return helper.make_model(
        helper.make_graph(
            made,
            "made",
            [helper.make_tensor_value_info("x", kind, sizes)],
            [helper.make_tensor_value_info(last, out or (kind if kind in (1, 11) else TensorProto.FLOAT), [])],
            [numpy_helper.from_array(np.asarray(a), name) for name, a in constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=8,
    )


def assert_imports(model, x, names=None, given=None):
    """The import computes what onnxruntime does; names: the classes of its layers."""
    c = read_onnx(model, given)
    if names is not None:
        assert [type(layer).__name__ for layer in c.layers] == names.split()
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"x": x})
    found = run(c, x)
    assert found.dtype == y.dtype
    np.testing.assert_allclose(found, ours(y, c.output_axes, found.shape[1:]), rtol=1e-5, atol=1e-5)
    return c
