"""The onnx package's own tests of single operators, and what becomes of each: the table node_tests.tsv.

python -m tests.io.onnx.node_tests > tests/io/onnx/node_tests.tsv writes the table anew.
"""

import functools
import warnings
from pathlib import Path

import numpy as np
from onnx import ModelProto, numpy_helper
from onnx import __version__ as onnx_version

import numbanet as nn
from numbanet.errors import NumbanetError
from numbanet.io.onnx.reading import read_onnx
from numbanet.io.onnx.reading.node import READERS

TABLE = Path(__file__).with_name("node_tests.tsv")
PASSES = "passes"
MOVES = "passes, moves axes only"  # nothing is computed: not counted among those that pass

# operators that are read as parts of others, and of which no layer of ours is one by itself
PARTS = {"Abs", "And", "Cast", "CastLike", "Equal", "Erf", "Exp", "Expand", "Greater", "GreaterOrEqual", "Less"}
PARTS |= {"LessOrEqual", "Log", "Not", "Or", "Pow", "Reciprocal", "ReduceProd", "ReduceSum", "Sign", "Sqrt", "Where"}
OPERATORS = sorted(set(READERS) - PARTS)


def built(c):
    """A Sequential of a Converted."""
    model = nn.Sequential(c.layers)
    model.build(c.input_shape, dtype=c.dtype)
    model.set_weights(c.values)
    return model


def ours(x, axes, shape):
    """An array of the file's order as ours."""
    x = np.transpose(x, axes)
    return np.ascontiguousarray(x).reshape(x.shape[0], *shape)


def run(c, x):
    """What our layers make of an array in the file's order."""
    return built(c).predict(ours(x, c.input_axes, c.input_shape))


def agree(c, x, y, case):
    """To 1e-5, or to the tolerance of the suite, some of whose numbers have four digits."""
    found = run(c, x)
    wanted = ours(y, c.output_axes, found.shape[1:])
    assert found.dtype == y.dtype
    return np.allclose(found, wanted, 1e-5, 1e-6) or np.allclose(found, wanted, case.rtol, case.atol)


@functools.cache
def cases():
    """The tests for our operators by name, also those whose graphs are what an operator is made of ("expanded")."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {case.name: case for case in load_model_tests(kind="node")}
    own = {name for name, case in found.items() if {n.op_type for n in case.model.graph.node} <= set(OPERATORS)}
    return {name: case for name, case in found.items() if name.partition("_expanded")[0] in own}


def single_input(case, inputs):
    """The model with all inputs but one as initializers, and that one's array."""
    model = ModelProto()
    model.CopyFrom(case.model)
    model.ir_version = max(model.ir_version, 4)  # before, initializers must be inputs
    place = 1 if model.graph.node[0].op_type == "Gather" else 0
    for k, (declared, array) in reversed(list(enumerate(zip(list(model.graph.input), inputs, strict=True)))):
        if k != place:
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(array), declared.name))
            del model.graph.input[k]
    return model, inputs[place]


def imported(model, name, x):
    """The layers for one output: with the batch axis as it is found, else with any that can be."""
    try:
        return read_onnx(model, output=name)
    except NumbanetError as first:
        for k in range(1, np.ndim(x)):
            sizes = [None if axis == k else size for axis, size in enumerate(x.shape)]
            try:
                return read_onnx(model, sizes, name)
            except NumbanetError:
                pass
        raise first


def reason(error):
    """The first reason of an error with several, in one line."""
    lines = str(error).splitlines()
    return lines[1].strip() if len(lines) > 1 else lines[0].removeprefix("from_onnx: ")


def outcome(case):
    """What comes of a test: it passes, or why it does not."""
    ((inputs, outputs),) = case.data_sets
    if not all(isinstance(a, np.ndarray | np.generic) for a in (*inputs, *outputs)):
        return "its inputs are sequences or optional values; ours are arrays"
    model, x = single_input(case, inputs)
    computes = False
    for declared, y in zip(case.model.graph.output, outputs, strict=True):
        try:
            c = imported(model, declared.name, x)
        except NumbanetError as error:
            return reason(error) if len(outputs) == 1 else f"output {declared.name}: {reason(error)}"
        try:
            if not agree(c, x, y, case):
                return "WRONG"
        except NumbanetError as error:
            return f"predict refuses its data: {reason(error)}"
        computes = computes or any(not layer.passes_through(False) for layer in built(c).layers)
    return PASSES if computes else MOVES


def outcomes():
    return {name: outcome(case) for name, case in cases().items()}


def read_table():
    """The version of onnx whose tests it is about, and what comes of each."""
    first, *lines = TABLE.read_text().splitlines()
    return first.removeprefix("# onnx "), dict(line.split("\t") for line in lines)


if __name__ == "__main__":
    print("# onnx", onnx_version)
    for name, found in outcomes().items():
        print(name, found, sep="\t")
