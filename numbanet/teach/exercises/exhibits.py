"""The bug museum: programs that run, whose loss often falls, and of which one loop is wrong.

Each bug is of a kind that has happened outside of textbooks. Where it can be looked up, the story says where.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .sheet import Mistake, Piece, Sheet
from .sheets import activations, convolution, dense, dropout, long_memory, losses, normalization, optimizers

MAIN = 'if __name__ == "__main__":\n    random = np.random.default_rng(0)\n'


def _main(*lines: str) -> str:
    return MAIN + "".join(f"    {line}\n" for line in lines)


DERIVATIVE = replace(
    activations.SIGMOID,
    name="derivative_at_the_wrong_point",
    line="a unit with a sigmoid whose weights run away",
    story="A unit with a sigmoid should fit targets that it can fit exactly. Its weights run away from them.",
    bug=Mistake(
        "the derivative is taken at the wrong point: y (1 - y) is a formula of the output y, and here is the input x",
        (("dx[i] = dy[i] * y[i] * (1.0 - y[i])", "dx[i] = dy[i] * x[i] * (1.0 - x[i])"),),
    ),
    program=_main(
        "x, t, w = random.standard_normal((20, 2)), np.empty(20), np.array([0.3, 0.3])",
        "sigmoid(x @ np.array([1.0, -2.0]), t)",
        "y, dz = np.empty(20), np.empty(20)",
        "for epoch in range(10):",
        "    z = x @ w",
        "    sigmoid(z, y)",
        "    sigmoid_backward(2.0 * (y - t) / 20, z, y, dz)",
        "    w -= 1.0 * (x.T @ dz)",
        "    if epoch % 2 == 0:",
        '        print(epoch, "loss", ((y - t) ** 2).mean(), "weights", w, "should become [1, -2]")',
    ),
)

LOST_SUM = replace(
    dense.DENSE_BACKWARD,
    name="commented_out_sum",
    line="a linear regression whose bias never gets where it should",
    story="A linear regression. The weights come right early; the bias creeps, and never ends on its mark.",
    bug=Mistake(
        "the bias gradient is not summed over the batch: the accumulation is commented out, the last sample is left",
        (
            (
                "total += dy[n, o]\n        db[o] = total",
                "# total += dy[n, o]\n            total = dy[n, o]\n        db[o] = total",
            ),
        ),
    ),
    program=_main(
        "x, w, b = random.standard_normal((30, 3)), np.zeros((3, 1)), np.zeros(1)",
        "t = x @ np.array([[1.0], [2.0], [3.0]]) + 4.0 + 0.5 * random.standard_normal((30, 1))",
        "y, dw, db = np.empty((30, 1)), np.empty((3, 1)), np.empty(1)",
        "for epoch in range(200):",
        "    forward(x, w, b, y)",
        "    dy = 2.0 * (y - t) / 30",
        "    backward_kernel(dy, x, dw)",
        "    backward_bias(dy, db)",
        "    w -= 0.1 * dw",
        "    b -= 0.1 * db",
        "    if epoch % 40 == 0:",
        '        print(epoch, "loss", ((y - t) ** 2).mean(), "bias", b[0], "should become 4")',
    ),
)

OUT_OF_BOUNDS = replace(
    convolution.CONV_BACKWARD,
    name="window_past_the_edge",
    line="the gradient of an image that is wrong at its border alone",
    story="An image that makes one output of a convolution large, by its gradient. It shines at a far edge, too.",
    bug=Mistake(
        "the backward loop reads past the edge: a negative p counts from dy's other side; such windows do not exist",
        (("if 0 <= p < P and 0 <= q < Q:", "if p < P and q < Q:"),),
    ),
    program=_main(
        "image, w, b = np.zeros((1, 6, 6, 1)), np.ones((3, 3, 1, 1)), np.zeros(1)",
        "dy, dx = np.zeros((1, 6, 6, 1)), np.empty((1, 6, 6, 1))",
        "dy[0, 5, 5, 0] = 1.0  # the output at the lower right",
        "for step in range(3):",
        "    backward_input(dy, w, (1, 1), (1, 1), dx)",
        "    image += dx",
        "print(image[0, :, :, 0])",
    ),
)


def _column_arguments(sizes: Any, random: Any, loops: Any) -> Any:
    R = sizes["R"]
    return {"p": random.standard_normal((R, 1)), "t": random.standard_normal(R)} | {
        "losses": np.zeros(R),
        "dp": np.zeros((R, 1)),
    }


def _column_loss(loops: Any, a: Any) -> float:
    found = a["losses"].copy()
    loops["forward"](a["p"], a["t"], found)
    return float(found.mean())


COLUMN = (*losses.PLAIN, ("t[r, c]", "t[r]"))
BROADCAST = Sheet(
    name="column_against_row",
    line="a regression whose predictions all become the mean",
    story=(
        "A regression on five numbers, whose predictions all end at the mean of the targets. Predictions are (R, 1),\n"
        "targets (R,). Of this kind: tensorflow issue 37770 and pytorch issue 16045."
    ),
    note="One output: C = 1. The targets t are (R,), so t[r] stands for t[r, 0]. Every sample has the weight 1.",
    given=(),
    asked=(
        Piece(losses.MSE, "forward", "losses", COLUMN),
        Piece(
            losses.MSE,
            "backward",
            "dp",
            (("p, t, weights, dp", "p, t, dp"), ("2.0 * weights[r]", "2.0"), ("t[r, c]", "t[r]")),
        ),
    ),
    sizes=({"R": 3}, {"R": 5}, {"R": 1}),
    arguments=_column_arguments,
    loss=_column_loss,
    slopes={"dp": "p"},
    mistakes=(),
    bug=Mistake(
        "the loss broadcasts (R,) against (R, 1): p - t is an (R, R) array of every prediction with every target",
        (
            (
                "    for r in range(R):\n        # F1",
                "    squares = (p - t) ** 2\n    for r in range(R):\n        # F1",
            ),
            (
                "        for c in range(C):\n            total += (p[r, c] - t[r]) ** 2\n",
                "        total += squares[r].mean()\n",
            ),
            (
                "            dp[r, c] = 2.0 / (R * C) * (p[r, c] - t[r])",
                "            dp[r, c] = 2.0 / (R * C) * (p - t)[r].mean()",
            ),
        ),
    ),
    program=_main(
        "x = np.linspace(-1.0, 1.0, 5)",
        "t, w, b, p, dp, losses = 3.0 * x + 1.0, 0.0, 0.0, np.empty((5, 1)), np.empty((5, 1)), np.empty(5)",
        "for epoch in range(200):",
        "    p[:, 0] = w * x + b",
        "    forward(p, t, losses)",
        "    backward(p, t, dp)",
        "    w, b = w - 0.3 * (dp[:, 0] * x).sum(), b - 0.3 * dp.sum()",
        "    if epoch % 40 == 0:",
        '        print(epoch, "loss", losses.mean(), "slope", w, "should become 3")',
    ),
)

NO_VARIANCE = replace(
    normalization.BATCH_NORM,
    name="forgotten_variance",
    line="a batch normalisation that lets through what it should stop",
    story=(
        "Batch normalisation does not feel it when its input is multiplied by a number. So the gradient along the\n"
        "input itself must be 0, and is not."
    ),
    bug=normalization.VARIANCE,
    program=_main(
        "x, dy = random.standard_normal((50, 1)), random.standard_normal((50, 1))",
        "mean, variance, gamma = x.mean(axis=0), x.var(axis=0), np.ones(1)",
        "dgamma, dbeta, dx = np.empty(1), np.empty(1), np.empty((50, 1))",
        "backward_parameters(dy, x, mean, variance, 1e-9, dgamma, dbeta)",
        "backward_input(dy, x, mean, variance, gamma, 1e-9, dgamma, dbeta, dx)",
        'print("along the input:", ((x - mean) * dx).sum(), "should be 0")',
    ),
)

INFERENCE_EDITS = (
    ("x, mean, variance, gamma", "x, moving_mean, moving_variance, gamma"),
    ("x[r, c] - mean[c]", "x[r, c] - moving_mean[c]"),
    ("math.sqrt(variance[c]", "math.sqrt(moving_variance[c]"),
)
BATCH_AT_TEST = Sheet(
    name="batch_statistics_at_test_time",
    line="a classifier whose answer to a sample depends on its neighbours",
    story="At inference a sample's output must not depend on the rest of the batch. Here it does, and alone it is 0.",
    given=(),
    asked=(Piece("batch_norm", "forward", "y", INFERENCE_EDITS, "forward_of_inference"),),
    sizes=normalization.SIZES,
    arguments=normalization.arguments,
    mistakes=(
        Mistake("epsilon is left out of the root", (("moving_variance[c] + epsilon", "moving_variance[c]"),)),
        Mistake("gamma and beta are left out: F8", (("gamma[c] * z + beta[c]", "z"),)),
    ),
    bug=Mistake(
        "inference normalises with the statistics of the batch: F7 takes the moving ones there",
        (
            ("x[r, c] - moving_mean[c]", "x[r, c] - x[:, c].mean()"),
            ("math.sqrt(moving_variance[c]", "math.sqrt(x[:, c].var()"),
        ),
    ),
    program=_main(
        "x, y, one = random.standard_normal((4, 2)), np.empty((4, 2)), np.empty((1, 2))",
        "ones, zeros = np.ones(2), np.zeros(2)",
        "forward_of_inference(x, zeros, ones, ones, zeros, 1e-3, y)",
        "forward_of_inference(x[:1], zeros, ones, ones, zeros, 1e-3, one)",
        'print("among others", y[0], "alone", one[0], "should be the same")',
    ),
)

GROWING = replace(
    long_memory.LSTM,
    name="growing_gradient",
    line="an LSTM whose gradients are many times too large, and clipped ever after",
    story=(
        "The gradient by the first step's input grows with the length of the sequence until it must be clipped. Hand-\n"
        "written LSTMs have been wrong in this way by factors of 5 to 17, and trained for months."
    ),
    bug=long_memory.ACCUMULATED,
    program=_main(
        "H = 3",
        "for T in (1, 5, 10, 20):",
        "    x, w, u = np.ones((1, T, 1)), random.standard_normal((1, 4 * H)), random.standard_normal((H, 4 * H))",
        "    z, c, h = np.zeros((1, T, 4 * H)), np.zeros((1, T + 1, H)), np.zeros((1, T + 1, H))",
        "    forward(x, w, u, np.zeros(4 * H), z, c, h)",
        "    dz, dh0, dc0 = np.empty((1, T, 4 * H)), np.empty((1, H)), np.empty((1, H))",
        "    backward(np.ones((1, T, H)), u, z, c, dz, dh0, dc0)",
        '    print(T, "steps: size of the gradient that reaches the start", np.abs(dh0).max())',
    ),
)

TWICE = replace(
    losses.CROSS_ENTROPY,
    name="softmax_twice",
    line="a classifier that learns at first, and then grows too sure of itself",
    story="Three classes that overlap. The loss falls at first, and then climbs for as long as it learns.",
    bug=replace(
        losses.DOUBLE,
        edits=(
            (
                "        total = 0.0\n        for k in range(C):\n            total += t[r, k]\n",
                "        p, total = np.exp(z[r] - logsumexp[r]), 0.0\n        for k in range(C):\n"
                "            total += math.exp(p[k])\n",
            ),
            (f"dz[r, c] = {losses.CE_SLOPE}", "dz[r, c] = 1.0 / R * (math.exp(p[c]) / total - u)"),
        ),
    ),
    program=_main(
        "labels = np.arange(30) % 3",
        "t, x, w = np.eye(3)[labels], np.eye(3)[labels] + 0.7 * random.standard_normal((30, 3)), np.zeros((3, 3))",
        "logsumexp, losses, dz = np.empty(30), np.empty(30), np.empty((30, 3))",
        "for epoch in range(401):",
        "    z = x @ w",
        "    forward(z, t, logsumexp, losses)",
        "    backward(z, t, logsumexp, dz)",
        "    w -= 1.0 * (x.T @ dz)",
        "    if epoch in (0, 5, 25, 100, 200, 400):",
        '        print(epoch, "loss", losses.mean())',
    ),
)

AT_TEST = (
    *dropout.DRAWN,
    ("x, rate, u, mask, y", "x, rate, u, training, mask, y"),
    (dropout.MASK, "mask[i] = (1.0 / (1.0 - rate) if u[i] >= rate else 0.0) if training else 1.0"),
)


def _switched(sizes: Any, random: Any, loops: Any) -> Any:
    E = sizes["E"]
    a = {name: random.standard_normal(E) for name in ("x", "y", "mask")}
    return a | {"rate": 0.4, "u": random.uniform(0.0, 1.0, E), "training": sizes["training"]}


DROPPED = Sheet(
    name="dropout_at_test_time",
    line="a network that gives another answer every time it is asked",
    story="The same input gives another output at every call, although training is 0.",
    note=dropout.NOTE + " In inference, training = 0, the mask is 1.",
    given=(),
    asked=(Piece("dropout", "forward", "mask y", AT_TEST),),
    sizes=({"E": 12, "training": 1}, {"E": 12, "training": 0}, {"E": 1, "training": 0}),
    arguments=_switched,
    mistakes=(
        Mistake(
            "it scales in inference, although dropout is inverted: the mask is 1 there",
            (("else 1.0", "else 1.0 - rate"),),
        ),
        Mistake("training and inference are exchanged", (("if training else", "if not training else"),)),
    ),
    bug=Mistake(
        "dropout is applied at test time: where training is 0 every element stays as it is, mask 1",
        (
            (
                "(1.0 / (1.0 - rate) if u[i] >= rate else 0.0) if training else 1.0",
                "1.0 / (1.0 - rate) if u[i] >= rate else 0.0",
            ),
        ),
    ),
    program=_main(
        "x, mask, y = np.ones(6), np.empty(6), np.empty(6)",
        "for call in range(3):",
        "    forward(x, 0.5, random.uniform(0.0, 1.0, 6), 0, mask, y)",
        "    print(y)",
    ),
)

COLD_ADAM = replace(
    optimizers.ADAM,
    name="adam_from_zero",
    line="an Adam whose first steps are much too long",
    story="A step of Adam is about the learning rate, whatever the gradient. The first are 3 to 6 times that here.",
    bug=optimizers.BIAS_CORRECTION,
    program=_main(
        "w, m, v = np.array([5.0]), np.zeros(1), np.zeros(1)",
        "for t in range(8):",
        "    before = w.copy()",
        "    update(2.0 * w, np.array([0.01]), 0.9, 0.999, 1e-8, np.array([t]), m, v, w)",
        '    print(t, "weight", w[0], "step", (w - before)[0], "should be about -0.01")',
    ),
)

EXHIBITS = (
    *(DERIVATIVE, LOST_SUM, OUT_OF_BOUNDS, BROADCAST, NO_VARIANCE),
    *(BATCH_AT_TEST, GROWING, TWICE, DROPPED, COLD_ADAM),
)
