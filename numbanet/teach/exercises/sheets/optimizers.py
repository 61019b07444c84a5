"""The updates of SGD with momentum and of Adam."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..sheet import Mistake, Piece, Sheet

V, W = "v[i] = momentum * v[i] - learning_rate[0] * g[i]", "w[i] = w[i] + v[i]"
STEP = "w[i] = w[i] - learning_rate[0] * m_hat / (math.sqrt(v_hat) + epsilon)"
M_HAT, V_HAT = "m_hat = m[i] / (1 - beta_1**t)", "v_hat = v[i] / (1 - beta_2**t)"
M, S = "(1 - beta_1) * g[i]", "(1 - beta_2) * g[i] * g[i]"
MEANS = "        m[i] = beta_1 * m[i] + (1 - beta_1) * g[i]\n"


def arguments(sizes: Any, random: Any, loops: Any) -> Any:
    E = sizes["E"]
    return {
        "g": random.standard_normal(E),
        "learning_rate": np.array([0.1 * (1 + sizes["t"])]),
        "momentum": 0.9,
        "beta_1": 0.9,
        "beta_2": 0.99,
        "epsilon": 1e-3,
        "iteration": np.array([sizes["t"]]),
        "m": random.standard_normal(E) * (sizes["t"] > 0),
        "v": random.uniform(0.1, 1.0, E) * (sizes["t"] > 0),
        "w": random.standard_normal(E),
    }


SIZES = ({"E": 3, "t": 0}, {"E": 5, "t": 3}, {"E": 1, "t": 1})

MOMENTUM = Sheet(
    name="momentum",
    line="SGD with momentum: a velocity that remembers",
    given=(),
    asked=(Piece("sgd", "update_momentum", "v w"),),
    sizes=SIZES,
    arguments=arguments,
    updated="v w",
    mistakes=(
        Mistake("the sign of the step is wrong: it climbs; U2 has - learning_rate g", ((V, V.replace("-", "+")),)),
        Mistake("the velocity is forgotten: this is plain SGD, U1", ((V, "v[i] = -learning_rate[0] * g[i]"),)),
        Mistake("the velocity is forgotten: w takes plain SGD's step", ((W, "w[i] = w[i] - learning_rate[0] * g[i]"),)),
        Mistake("the learning rate is missing from U2", ((V, "v[i] = momentum * v[i] - g[i]"),)),
        Mistake(
            "the gradient is weighted by 1 - momentum: U2 is a sum of steps, not their mean",
            ((V, "v[i] = momentum * v[i] - (1.0 - momentum) * learning_rate[0] * g[i]"),),
        ),
        Mistake(
            "the momentum is missing: the old velocity counts whole", ((V, "v[i] = v[i] - learning_rate[0] * g[i]"),)
        ),
        Mistake(
            "w moves by the velocity of the step before: U2 comes before U3",
            ((f"        {V}\n        {W}", f"        {W}\n        {V}"),),
        ),
        Mistake("w moves against the velocity: U3 adds v, whose sign is in U2 already", ((W, "w[i] = w[i] - v[i]"),)),
        Mistake("the learning rate is there twice, in U2 and in U3", ((W, "w[i] = w[i] + learning_rate[0] * v[i]"),)),
        Mistake(
            "PyTorch's form of v, without the learning rate in it: U2 is Keras's",
            ((V, "v[i] = momentum * v[i] + g[i]"), (W, "w[i] = w[i] - learning_rate[0] * v[i]")),
        ),
        Mistake("this is Nesterov's step, U4", ((W, "w[i] = w[i] + momentum * v[i] - learning_rate[0] * g[i]"),)),
    ),
)

BIAS_CORRECTION = Mistake(
    "the bias correction U3 is missing: m and v began at zero and are too small in the first steps",
    ((M_HAT, "m_hat = m[i]"), (V_HAT, "v_hat = v[i]")),
)
ADAM_UPDATE = Piece("adam", "update", "m v w")
ADAM = Sheet(
    name="adam",
    line="Adam's update, with its bias correction",
    given=(),
    asked=(ADAM_UPDATE,),
    sizes=SIZES,
    arguments=arguments,
    updated="m v w",
    mistakes=(
        BIAS_CORRECTION,
        Mistake("the bias correction of m is missing, U3", ((M_HAT, "m_hat = m[i]"),)),
        Mistake("the bias correction of v is missing, U3", ((V_HAT, "v_hat = v[i]"),)),
        Mistake(
            "the betas are multiplied with t, where U3 takes their power: 1 - beta^t",
            ((M_HAT, M_HAT.replace("**", "*")), (V_HAT, V_HAT.replace("**", "*"))),
        ),
        Mistake("t counts from 0: it is iteration + 1", (("t = iteration[0] + 1", "t = iteration[0]"),)),
        Mistake(
            "the betas are exchanged",
            (
                ("beta_1", "beta_x"),
                ("beta_2", "beta_1"),
                ("beta_x", "beta_2"),
                ("learning_rate, beta_2, beta_1", "learning_rate, beta_1, beta_2"),
            ),
        ),
        Mistake("the gradient is not squared in U2", ((S, "(1 - beta_2) * g[i]"),)),
        Mistake("the gradient is not squared in U2", ((S, "(1 - beta_2) * abs(g[i])"),)),
        Mistake("the factor 1 - beta_1 of the gradient is missing in U1", ((M, "g[i]"),)),
        Mistake("the factor 1 - beta_2 of the square is missing in U2", ((S, "g[i] * g[i]"),)),
        Mistake("the root is missing: U5 divides by sqrt(v_hat)", ((STEP, STEP.replace("math.sqrt(v_hat)", "v_hat")),)),
        Mistake(
            "epsilon is under the root: U5 adds it to sqrt(v_hat)",
            ((STEP, STEP.replace("math.sqrt(v_hat) + epsilon", "math.sqrt(v_hat + epsilon)")),),
        ),
        Mistake(
            "the sign of the step is wrong: it climbs; U5 has - learning_rate",
            ((STEP, STEP.replace("w[i] -", "w[i] +")),),
        ),
        Mistake(
            "the gradient itself is in the step: U5 takes its running mean m_hat",
            ((STEP, STEP.replace("m_hat", "g[i]")),),
        ),
        Mistake(
            "the corrected m is kept: the running mean must stay as U1 left it",
            ((M_HAT, "m_hat = m[i] = m[i] / (1 - beta_1**t)"), (V_HAT, "v_hat = v[i] = v[i] / (1 - beta_2**t)")),
        ),
        Mistake(
            "the corrected m is kept: the running mean must stay as U1 left it",
            ((M_HAT, "m_hat = m[i] = m[i] / (1 - beta_1**t)"),),
        ),
    ),
)
