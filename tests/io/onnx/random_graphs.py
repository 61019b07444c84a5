"""Random graphs of nodes whose axes stand in all orders: what is imported must compute what onnxruntime does.

python -m tests.io.onnx.random_graphs 0 1000 runs those numbers and counts.
"""

import collections
import math
import sys

import numpy as np
import onnxruntime

from numbanet.errors import ArgumentError
from numbanet.io.onnx.reading import read_onnx
from tests.io.onnx.graphs import graph
from tests.io.onnx.node_tests import ours, run

SIZES, BATCH, LARGEST = (2, 3, 4, 6), 2, 3000


class Maker:
    """A graph in the making: nodes, constants, and the shape of the last value."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.shape = [BATCH, *map(int, self.random.choice(SIZES, self.random.integers(1, 4)))]
        self.first, self.nodes, self.constants, self.kept = list(self.shape), [], {}, []
        self.last = "x"

    def draw(self, *shape):
        return (0.5 * self.random.standard_normal(shape)).astype("float32")

    def pick(self, *values):
        return values[self.random.integers(len(values))]

    def axis(self, first=1):
        return int(self.random.integers(first, len(self.shape)))

    def node(self, operator, *constants, shape=None, front=False, **attributes):
        """Put a node on the last value, which gets a new shape."""
        names = [f"c{len(self.constants) + k}" for k in range(len(constants))]
        self.constants |= dict(zip(names, constants, strict=True))
        inputs = [*names, self.last] if front else [self.last, *names]
        self.last = f"v{len(self.nodes)}"
        self.nodes.append((operator, " ".join(inputs), self.last, attributes))
        self.shape = list(self.shape if shape is None else shape)

    def elementwise(self):
        self.node(self.pick("Relu", "Tanh", "Sigmoid", "Identity"))

    def arithmetic(self):
        along = [1] + [size if self.random.random() < 0.5 else 1 for size in self.shape[1:]]
        self.node(self.pick("Add", "Mul", "Sub"), self.draw(*along))

    def transpose(self):
        order = [0, *map(int, 1 + self.random.permutation(len(self.shape) - 1))]
        self.node("Transpose", shape=[self.shape[k] for k in order], perm=order)

    def reshape(self):
        left, sizes = math.prod(self.shape[1:]), []
        while left > 1 and len(sizes) < 3:
            sizes.append(self.pick(*[k for k in range(1, left + 1) if left % k == 0]))
            left //= sizes[-1]
        sizes += [left] if left > 1 or not sizes else []
        self.node("Reshape", np.array([self.pick(-1, 0), *sizes]), shape=[BATCH, *sizes])

    def product(self):
        units = self.pick(2, 3, 6)
        if len(self.shape) == 2:
            self.node("Gemm", self.draw(units, self.shape[1]), self.draw(units), shape=[BATCH, units], transB=1)
        elif self.random.random() < 0.5:
            self.node("MatMul", self.draw(self.shape[-1], units), shape=[*self.shape[:-1], units])
        else:
            w = self.draw(units, self.shape[-2])
            self.node("MatMul", w, front=True, shape=[*self.shape[:-2], units, self.shape[-1]])

    def window(self):
        _, channels, *sizes = self.shape
        if len(sizes) not in (1, 2) or min(sizes) < 2:
            return
        if self.random.random() < 0.5:
            operator, count = self.pick("MaxPool", "AveragePool"), len(sizes)
            shape = [BATCH, channels, *[size // 2 for size in sizes]]
            self.node(operator, shape=shape, kernel_shape=[2] * count, strides=[2] * count)
            return
        group = self.pick(1, channels)
        filters, kernel = group * self.pick(1, 2), [self.pick(1, 2) for _ in sizes]
        shape = [BATCH, filters, *[size - k + 1 for size, k in zip(sizes, kernel, strict=True)]]
        weights = self.draw(filters, channels // group, *kernel), self.draw(filters)
        self.node("Conv", *weights, shape=shape, group=group)

    def normalization(self):
        channels, axis = self.shape[1], self.axis()
        vectors = [self.draw(channels) for _ in range(3)]
        choices = ["BatchNormalization", "LayerNormalization"] + ["InstanceNormalization"] * (len(self.shape) > 2)
        operator = self.pick(*choices)
        if operator == "BatchNormalization":
            self.node(operator, *vectors, abs(self.draw(channels)) + 0.5)
        elif operator == "LayerNormalization":
            self.node(operator, self.draw(*self.shape[axis:]), self.draw(*self.shape[axis:]), axis=axis)
        else:
            self.node(operator, *vectors[:2])

    def reduction(self):
        axis, keepdims = self.axis(), self.pick(0, 1)
        shape = [*self.shape[:axis], *[1] * keepdims, *self.shape[axis + 1 :]]
        if len(shape) > 1:
            self.node(self.pick("ReduceMean", "ReduceMax"), np.array([axis]), shape=shape, keepdims=keepdims)

    def rows(self):
        self.node(self.pick("Softmax", "LogSoftmax"), axis=self.axis())

    def frame(self):
        axis, count = self.axis(), len(self.shape)
        shape = list(self.shape)
        if self.random.random() < 0.5 and shape[axis] > 2:
            bounds = np.array([1]), np.array([shape[axis]]), np.array([axis])
            shape[axis] -= 1
            self.node("Slice", *bounds, shape=shape)
        else:
            pads = np.zeros(2 * count, np.int64)
            pads[axis], pads[count + axis] = 1, 2
            shape[axis] += 3
            self.node("Pad", pads, shape=shape)

    def units(self):
        if 1 in self.shape[1:] and len(self.shape) > 2:
            axis = 1 + self.shape[1:].index(1)
            self.node("Squeeze", np.array([axis]), shape=self.shape[:axis] + self.shape[axis + 1 :])
        elif len(self.shape) < 5:
            axis = int(self.random.integers(1, len(self.shape) + 1))
            self.node("Unsqueeze", np.array([axis]), shape=[*self.shape[:axis], 1, *self.shape[axis:]])

    def keep(self):
        self.kept.append((self.last, list(self.shape)))

    def join(self):
        names = [name for name, shape in self.kept if shape == self.shape and name != self.last]
        if names:
            self.nodes.append(("Add", f"{self.last} {self.pick(*names)}", f"v{len(self.nodes)}", {}))
            self.last = self.nodes[-1][2]


STEPS = [value for name, value in vars(Maker).items() if name not in {"__init__", "draw", "pick", "axis", "node"}]
STEPS = [value for value in STEPS if callable(value)]


def random_graph(seed):
    """A model and an input for it."""
    made = Maker(seed)
    for _ in range(made.random.integers(2, 12)):
        made.pick(*STEPS)(made)
        if math.prod(made.shape) > LARGEST:
            break
    if not made.nodes:
        made.elementwise()
    x = made.random.standard_normal(made.first).astype("float32")
    return graph(made.nodes, [made.pick("n", BATCH), *made.first[1:]], **made.constants), x


def outcome(seed):
    """ "same", "different", or "refused": a transpose would be needed."""
    model, x = random_graph(seed)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"x": x})
    try:
        c = read_onnx(model)
    except ArgumentError:
        return "refused"
    found = run(c, x)
    return "same" if np.allclose(found, ours(y, c.output_axes, found.shape[1:]), 1e-4, 1e-4) else "different"


if __name__ == "__main__":
    print(collections.Counter(map(outcome, range(*map(int, sys.argv[1:])))))
