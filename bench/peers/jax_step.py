"""JAX: one jitted function, its buffers donated, Adam written out; images and windows as numbanet's."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from numbanet.bench.workloads import (
    BETA_1,
    BETA_2,
    EPSILON,
    LEARNING_RATE,
    NORM_EPSILON,
    NORM_MOMENTUM,
    Conv,
    Dense,
    Flatten,
    Norm,
    Pool,
    Recurrent,
    Workload,
)

Weights = list[dict[str, np.ndarray]]
RUNNING = "moving_mean", "moving_variance"


def _last_state(layer, x, w):
    """The products with the input are one before the loop over time."""
    H, u, bias = layer.units, w["recurrent_kernel"], w["bias"]
    inputs = jnp.swapaxes(x @ w["kernel"] + (bias if layer.cell == "LSTM" else bias[0]), 0, 1)
    zeros = jnp.zeros((len(x), H), x.dtype)

    def lstm(states, a):
        h, c = states
        i, f, g, o = jnp.split(a + h @ u, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    def gru(states, a):
        (h,) = states
        r = h @ u + bias[1]
        update, reset = jnp.split(jax.nn.sigmoid(a[:, : 2 * H] + r[:, : 2 * H]), 2, axis=1)
        candidate = jnp.tanh(a[:, 2 * H :] + reset * r[:, 2 * H :])
        return (update * h + (1 - update) * candidate,), None

    states, _ = lax.scan(lstm, (zeros, zeros), inputs) if layer.cell == "LSTM" else lax.scan(gru, (zeros,), inputs)
    return states[0]


def _apply(layer, x, w, running):
    """The layer's output and its running statistics after it."""
    match layer:
        case Dense():
            x = x @ w["kernel"] + w["bias"]
        case Conv(_, _, padding):
            axes = ("NHWC", "HWIO", "NHWC")
            x = lax.conv_general_dilated(x, w["kernel"], (1, 1), padding.upper(), dimension_numbers=axes) + w["bias"]
        case Norm():
            mean, variance = jnp.mean(x, axis=(0, 1, 2)), jnp.var(x, axis=(0, 1, 2))
            x = (x - mean) * (w["gamma"] * lax.rsqrt(variance + NORM_EPSILON)) + w["beta"]
            new = dict(zip(RUNNING, (mean, variance), strict=True))
            running = {k: NORM_MOMENTUM * running[k] + (1 - NORM_MOMENTUM) * new[k] for k in RUNNING}
        case Pool(size):
            window = (1, size, size, 1)
            x = lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")
        case Flatten():
            x = x.reshape(len(x), -1)
        case Recurrent():
            x = _last_state(layer, x, w)
    return (jax.nn.relu(x) if getattr(layer, "relu", False) else x), running


def set_threads(threads: int) -> None:
    """JAX takes as many as the process may have processors, once."""


def steps(workload: Workload, x: np.ndarray, y: np.ndarray, weights: Weights) -> list[Callable[[], float]]:
    def loss_of(parameters, running, x, y):
        after = []
        for layer, w, r in zip(workload.layers, parameters, running, strict=True):
            x, new = _apply(layer, x, w, r)
            after.append(new)
        if workload.outputs == 1:
            loss = jnp.mean(jnp.maximum(x, 0) - x * y + jnp.log1p(jnp.exp(-jnp.abs(x))))
        else:
            loss = -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(x), y[:, None], axis=1))
        return loss, after

    def update(parameters, running, m, v, t, x, y):
        (loss, running), g = jax.value_and_grad(loss_of, has_aux=True)(parameters, running, x, y)
        tree = jax.tree_util.tree_map
        m = tree(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, m, g)
        v = tree(lambda v, g: BETA_2 * v + (1 - BETA_2) * g * g, v, g)
        a, b = 1 - BETA_1**t, 1 - BETA_2**t
        parameters = tree(lambda p, m, v: p - LEARNING_RATE * (m / a) / (jnp.sqrt(v / b) + EPSILON), parameters, m, v)
        return parameters, running, m, v, t + 1, loss

    jitted = jax.jit(update, donate_argnums=(0, 1, 2, 3, 4))
    parameters = [{k: jnp.array(a) for k, a in w.items() if k not in RUNNING} for w in weights]
    running = [{k: jnp.array(a) for k, a in w.items() if k in RUNNING} for w in weights]
    m, v = (jax.tree_util.tree_map(jnp.zeros_like, parameters) for _ in range(2))
    state = [parameters, running, m, v, jnp.float32(1)]
    x, y = jnp.array(x), jnp.array(y)

    def step():
        *state[:], loss = jitted(*state, x, y)
        return float(loss)

    return [step]
