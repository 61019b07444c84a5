"""The time of one training step of small networks, beside PyTorch and JAX, in one run: python bench/step_time.py

The same network, batch, dtype, loss and Adam. numbanet's step is the public `train_on_batch`, with its checks of the
data; PyTorch's is eager with fused Adam; JAX's is one jitted function with Adam written out. The three take turns.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time

import numpy as np

import numbanet as nn

# widths, batch size, target of the issue in microseconds on two threads (None: no target)
WORKLOADS = {
    "MLP 2-8-1, batch 4": ((2, 8, 1), 4, 10.0),
    "MLP 64-32-10, batch 32": ((64, 32, 10), 32, 12.0),
    "MLP 784-128-10, batch 32": ((784, 128, 10), 32, None),
    "MLP 784-512-512-10, batch 128": ((784, 512, 512, 10), 128, None),
}


def data(widths, batch):
    random = np.random.default_rng(0)
    x = random.standard_normal((batch, widths[0])).astype("float32")
    if widths[-1] == 1:
        return x, (x.sum(axis=1, keepdims=True) > 0).astype("float32")
    return x, random.integers(0, widths[-1], batch)


def ours(widths, x, y):
    hidden = [nn.layers.Dense(width, activation="relu") for width in widths[1:-1]]
    model = nn.Sequential([*hidden, nn.layers.Dense(widths[-1])], seed=0)
    model.build(x.shape[1:])
    sparse = nn.losses.SparseCategoricalCrossentropy()
    model.compile(nn.optimizers.Adam(1e-3), sparse if widths[-1] > 1 else nn.losses.BinaryCrossentropy())
    return lambda: model.train_on_batch(x, y), model.get_weights()


def torch_step(widths, x, y, weights):
    import torch

    modules = []
    for k, (before, after) in enumerate(itertools.pairwise(widths)):
        linear = torch.nn.Linear(before, after)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(weights[2 * k].T))
            linear.bias.copy_(torch.tensor(weights[2 * k + 1]))
        modules += [linear, torch.nn.ReLU()]
    model = torch.nn.Sequential(*modules[:-1])
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, eps=1e-7, fused=True)
    loss_of = torch.nn.CrossEntropyLoss() if widths[-1] > 1 else torch.nn.BCEWithLogitsLoss()
    x, y = torch.tensor(x), torch.tensor(y)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def jax_step(widths, x, y, weights):
    import jax
    import jax.numpy as jnp

    def loss_of(parameters, x, y):
        for w, b in parameters[:-1]:
            x = jax.nn.relu(x @ w + b)
        z = x @ parameters[-1][0] + parameters[-1][1]
        if widths[-1] == 1:
            return jnp.mean(jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z))))
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1))

    def update(parameters, m, v, t, x, y):
        loss, g = jax.value_and_grad(loss_of)(parameters, x, y)
        tree = jax.tree_util.tree_map
        m = tree(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = tree(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        a, b = 1 - 0.9**t, 1 - 0.999**t
        parameters = tree(lambda p, m, v: p - 1e-3 * (m / a) / (jnp.sqrt(v / b) + 1e-7), parameters, m, v)
        return parameters, m, v, t + 1, loss

    jitted = jax.jit(update, donate_argnums=(0, 1, 2, 3))
    pairs = [(jnp.array(w), jnp.array(b)) for w, b in zip(weights[::2], weights[1::2], strict=True)]
    zeros = jax.tree_util.tree_map(jnp.zeros_like, pairs)
    state = [pairs, zeros, jax.tree_util.tree_map(jnp.zeros_like, pairs), jnp.float32(1)]
    x, y = jnp.array(x), jnp.array(y)

    def step():
        *state[:], loss = jitted(*state, x, y)
        return float(loss)

    return step


def median_times(steps, rounds):
    """Median microseconds of each step; the steps take turns, in stretches of about 5 ms."""
    times = {name: [] for name in steps}
    counts = {}
    for name, step in steps.items():
        for _ in range(20):
            step()
        start = time.perf_counter()
        for _ in range(20):
            step()
        counts[name] = max(5, int(0.005 / ((time.perf_counter() - start) / 20)))
    for _ in range(rounds):
        for name, step in steps.items():
            count = counts[name]
            start = time.perf_counter()
            for _ in range(count):
                step()
            times[name].append((time.perf_counter() - start) / count * 1e6)
    return {name: statistics.median(values) for name, values in times.items()}


def measure(name, threads, rounds):
    """Medians of one workload, for the peers that are installed; their first losses agree to 1e-4."""
    widths, batch, _ = WORKLOADS[name]
    x, y = data(widths, batch)
    nn.set_num_threads(threads)
    first, weights = ours(widths, x, y)
    steps = {"numbanet": first}
    try:
        import torch

        torch.set_num_threads(threads)
        steps["PyTorch"] = torch_step(widths, x, y, weights)
    except ImportError:
        print("PyTorch is not installed")
    try:
        steps["JAX"] = jax_step(widths, x, y, weights)
    except ImportError:
        print("JAX is not installed")
    losses = {peer: step() for peer, step in steps.items()}
    assert max(losses.values()) - min(losses.values()) < 1e-4, losses
    return median_times(steps, rounds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=nn.get_num_threads())
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    print(f"microseconds a step, median of {options.rounds} stretches, {options.threads} threads, float32")
    for name, (_, _, target) in WORKLOADS.items():
        found = measure(name, options.threads, options.rounds)
        peers = min((t for peer, t in found.items() if peer != "numbanet"), default=float("nan"))
        row = "  ".join(f"{peer} {t:8.1f}" for peer, t in found.items())
        goal = f"  target {target:.0f}: {'met' if found['numbanet'] <= target else 'MISSED'}" if target else ""
        print(f"{name:32} {row}  best peer / numbanet {peers / found['numbanet']:5.2f}{goal}")


if __name__ == "__main__":
    main()
