"""Models with weights that are all different, and what onnxruntime makes of their exports."""

import numpy as np
import onnx
import onnxruntime

import numbanet as nn
from numbanet.io.onnx.writing import onnx_model

BATCHES = 1, 3, 7
AGREEMENT = 1e-5  # of the output's largest element

onnxruntime.set_default_logger_severity(4)


def built(layers, shape, dtype="float32", device="cpu"):
    """A model whose weights are drawn, biases and running statistics too."""
    m = nn.Sequential(layers)
    m.build(shape, device, dtype)
    random = np.random.default_rng(1)
    weights = [random.standard_normal(w.shape) * min(0.5, w.shape[0] ** -0.5) for w in m.get_weights()]
    positive = [name.endswith("variance") for name in m.weight_names]
    weights = [abs(w) + 0.5 if p else w for w, p in zip(weights, positive, strict=True)]
    m.set_weights([w.astype("float32").astype(dtype) for w in weights])
    return m


def samples(m, n):
    """Inputs of a model: floats, or indices for an Embedding."""
    network, random = m._network, np.random.default_rng(n)
    shape = (n, *network.input_shape)
    if network.index_limit is not None:
        return random.integers(0, network.index_limit, shape)
    return random.standard_normal(shape).astype("float32").astype(network.dtype)


def checked(m, **options):
    """The export, which onnx's checker takes, with sizes that are those of our layers."""
    model = onnx_model(m._network, "model", **options)
    onnx.checker.check_model(model, full_check=True)
    assert_sizes_agree(model, m._network.output_shape)
    return model


def assert_sizes_agree(model, output_shape):
    """What onnx works out of the input's sizes is what we say; it knows nothing of a GroupNormalization's output."""
    said = {each.name: sizes(each) for each in model.graph.value_info}
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    del bare.graph.value_info[:]
    bare.graph.value_info.extend(each for each in model.graph.value_info if "GroupNormalization" in each.name)
    bare.graph.output[0].type.tensor_type.ClearField("shape")
    found = onnx.shape_inference.infer_shapes(bare, check_type=True, strict_mode=True, data_prop=True)
    inferred = {each.name: sizes(each) for each in (*found.graph.value_info, *found.graph.output)}
    assert inferred["output"][1:] == list(output_shape)
    for name, mine in said.items():
        known = inferred[name]
        assert len(known) == len(mine), name
        assert all(a in (b, None) for a, b in zip(known, mine, strict=True) if b != "N"), (name, known, mine)


def sizes(value):
    """An int, a name, or None for each axis."""
    dims = value.type.tensor_type.shape.dim
    return [d.dim_value if d.HasField("dim_value") else d.dim_param or None for d in dims]


def session(model):
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def difference(m, model, batches=BATCHES):
    """The largest of one file's outputs from ours, as a share of the largest element; batches of several sizes."""
    run, found = session(model), []
    for n in batches:
        x = samples(m, n)
        ours, theirs = m.predict(x), run.run(None, {"input": x})[0]
        assert theirs.shape == ours.shape
        assert theirs.dtype == ours.dtype
        found.append(np.abs(theirs - ours).max() / np.abs(ours).max())
    return max(found)


def assert_agree(m, model, batches=BATCHES):
    assert difference(m, model, batches) <= AGREEMENT


def operators(model):
    return [node.op_type for node in model.graph.node]
