"""Pooling of all frames: what onnxruntime computes, or a refusal."""

import itertools

import numpy as np
import pytest

import numbanet as nn

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

PADS = [(0, 0, 0, 0), (1, 1, 1, 1), (0, 1, 1, 0)]
X = np.random.default_rng(0).normal(size=(3, 2, 7, 8)).astype("float32")


def pooled(operator, opset, **attributes):
    """A model of one operator."""
    shapes = ["N", *X.shape[1:]], ["N", 2, "rows", "columns"]
    x, y = (onnx.helper.make_tensor_value_info(name, 1, shape) for name, shape in zip("xy", shapes, strict=True))
    chain = onnx.helper.make_graph([onnx.helper.make_node(operator, ["x"], ["y"], **attributes)], "pool", [x], [y])
    return onnx.helper.make_model(chain, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", opset)])


@pytest.mark.parametrize("opset", [13, 19])
@pytest.mark.parametrize(("operator", "counts"), [("AveragePool", 0), ("AveragePool", 1), ("MaxPool", None)])
def test_windows_beyond_the_edge(operator, counts, opset):
    refused = agreed = 0
    for size, stride, pads, ceil in itertools.product((2, 3), (1, 2, 3), PADS, (0, 1)):
        attributes = {"kernel_shape": [size] * 2, "strides": [stride] * 2, "pads": pads, "ceil_mode": ceil}
        model = pooled(operator, opset, **attributes, **({} if counts is None else {"count_include_pad": counts}))
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        (expected,) = session.run(None, {"x": X})
        try:
            ours = nn.from_onnx(model)
        except nn.errors.ArgumentError:
            refused += 1
            continue
        found = ours.predict(np.ascontiguousarray(X.transpose(0, 2, 3, 1))).transpose(0, 3, 1, 2)
        np.testing.assert_allclose(found, expected, atol=1e-6, err_msg=str(attributes))
        agreed += 1
    assert agreed > 3 * refused
