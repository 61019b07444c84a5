from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from numbanet.kernels.huber import cpu as huber_cpu
from numbanet.kernels.mean import cpu as mean_cpu
from numbanet.kernels.mean import reference as mean_reference
from tests.oracles import AGREEMENT, DTYPES, assert_agrees, assert_gradient, poisoned


@dataclass
class Case:
    """A pair of kernels, inputs for it, and the losses of the rows, unweighted, by PyTorch."""

    operation: str
    make: Callable[..., tuple[np.ndarray, np.ndarray]]
    oracle: Callable[..., Any]
    options: tuple[float, ...] = ()
    suffix: str = ""
    saved: int = 0

    def __str__(self) -> str:
        return "-".join([self.operation + self.suffix, *map(str, self.options)])

    def run(self, device, p, t, weights):
        """Losses, what is saved, and the gradient of the batch's loss."""
        kernels = importlib.import_module(f"numbanet.kernels.{self.operation}.{device}")
        losses, dp = poisoned(weights), poisoned(p)
        saved = tuple(poisoned(weights) for _ in range(self.saved))
        getattr(kernels, "forward" + self.suffix)(p, t, weights, *self.options, *saved, losses)
        getattr(kernels, "backward" + self.suffix)(p, t, weights, *self.options, *saved, dp)
        return losses, *saved, dp


def regression(random, R, C):
    """Errors at least 0.01 away from 0 and from 0.7, the kinks."""
    t = random.standard_normal((R, C))
    return t + (random.integers(-15, 15, (R, C)) + 0.5 + random.uniform(-0.03, 0.03, (R, C))) * 0.13, t


def sides(random, R, C):
    p, t = regression(random, R, C)
    side = np.where(t > 0, 1.0, -1.0)
    return p - t + side, side


def logits(random, R, C):
    return 3.0 * random.standard_normal((R, C)), random.random((R, C))


def labelled_logits(random, R, C):
    return 3.0 * random.standard_normal((R, C)), random.integers(0, C, R)


def probabilities(random, R, C):
    return random.uniform(0.2, 0.9, (R, C)), random.random((R, C))


def labelled_probabilities(random, R, C):
    return random.uniform(0.2, 0.9, (R, C)), random.integers(0, C, R)


def smooth(t, s, target):
    return t * (1 - s) + s * target


def clip(p):
    return p.clamp(1e-7, 1 - 1e-7)


def binary(F, z, t, s):
    return F.binary_cross_entropy_with_logits(z, smooth(t, s, 1 / 2), reduction="none").mean(1)


def binary_probabilities(F, p, t, s):
    return F.binary_cross_entropy(clip(p), smooth(t, s, 1 / 2), reduction="none").mean(1)


def softmax(F, z, t, s):
    return F.cross_entropy(z, t, label_smoothing=s, reduction="none")


def categorical(F, p, t, s):
    return -(smooth(t, s, 1 / p.shape[1]) * clip(p).log()).sum(1)


CASES = [
    Case("mean_squared_error", regression, lambda F, p, t: F.mse_loss(p, t, reduction="none").mean(1)),
    Case("mean_absolute_error", regression, lambda F, p, t: F.l1_loss(p, t, reduction="none").mean(1)),
    Case("huber", regression, lambda F, p, t, d: F.huber_loss(p, t, reduction="none", delta=d).mean(1), (0.7,)),
    Case("hinge", sides, lambda F, p, t: (1 - t * p).clamp(min=0).mean(1)),
    *(Case("binary_cross_entropy", logits, binary, (s,)) for s in (0.0, 0.2)),
    *(Case("binary_cross_entropy", probabilities, binary_probabilities, (s,), "_probabilities") for s in (0.0, 0.2)),
    *(Case("softmax_cross_entropy", logits, softmax, (s,), saved=1) for s in (0.0, 0.2)),
    Case(
        "softmax_cross_entropy",
        labelled_logits,
        lambda F, z, labels: F.cross_entropy(z, labels, reduction="none"),
        suffix="_sparse",
        saved=1,
    ),
    *(Case("cross_entropy", probabilities, categorical, (s,)) for s in (0.0, 0.2)),
    Case(
        "cross_entropy",
        labelled_probabilities,
        lambda F, p, labels: F.nll_loss(clip(p).log(), labels, reduction="none"),
        suffix="_sparse",
    ),
]
each = pytest.mark.parametrize("case", CASES, ids=str)
# one row of one, primes, several groups of narrow rows, a wide row; several tasks of narrow, wide and whole rows
LARGE = [pytest.param(size, marks=pytest.mark.compiled) for size in ((1801, 10), (17, 1009), (2, 16411))]
SIZES = [(1, 1), (7, 3), (131, 7), (5, 37), *LARGE]


def arrays(case, R, C):
    random = np.random.default_rng(R + C)
    weights = random.uniform(0.5, 2.0, R)
    weights[1:2] = 0.0
    return *case.make(random, R, C), weights


def single(a):
    return a.astype(np.float32) if a.dtype == np.float64 else a


def double(a):
    return a.astype(np.float64) if a.dtype == np.float32 else a


@each
@pytest.mark.parametrize("size", [(1, 1), (3, 4), (5, 2)])
def test_reference_is_the_gradient(case, size):
    p, t, weights = arrays(case, *size)

    def loss():
        return float(case.run("reference", p, t, weights)[0].sum() / p.shape[0])

    assert_gradient(case.run("reference", p, t, weights)[-1], loss, p)


@each
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_cpu_agrees_with_the_reference(case, size, dtype):
    values = arrays(case, *size)
    values = tuple(map(single, values)) if dtype == "float32" else values
    found, expected = case.run("cpu", *values), case.run("reference", *map(double, values))
    for a, b in zip(found, expected, strict=True):
        if np.abs(b).max() < 1e-15:  # the softmax of one class is constant
            assert np.abs(a).max() <= AGREEMENT[a.dtype]
        else:
            assert_agrees(a, b)


@each
@pytest.mark.parametrize("size", [(1, 2), (7, 3), (131, 7)])
def test_reference_agrees_with_torch(case, size):
    torch = pytest.importorskip("torch")
    p, t, weights = arrays(case, *size)
    losses, *_, dp = case.run("reference", p, t, weights)
    tp = torch.tensor(p, requires_grad=True)
    rows = torch.tensor(weights) * case.oracle(torch.nn.functional, tp, torch.tensor(t), *case.options)
    (rows.sum() / size[0]).backward()
    assert_agrees(losses, rows.detach().numpy(), 1e-10)
    assert_agrees(dp, tp.grad.numpy(), 1e-10)


@each
@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("columns", [5, 37])
def test_nan_is_seen_in_its_row(case, device, columns):
    p, t, weights = arrays(case, 4, columns)
    for poison in (p, t) if t.ndim == 2 else (p,):
        for c in (0, columns - 1):
            kept = poison[2, c]
            poison[2, c] = np.nan
            losses, *_, dp = case.run(device, p, t, weights)
            poison[2, c] = kept
            assert np.isnan(losses).tolist() == [False, False, True, False]
            assert np.isnan(dp[2, c])
            assert not np.isnan(np.delete(dp, 2, axis=0)).any()


def select(operation, suffix=""):
    return next(c for c in CASES if (c.operation, c.suffix) == (operation, suffix))


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_derivatives_at_kinks(device, dtype):
    p = np.array([[1.0, 1.0, -0.75, 3.0]], dtype)
    t = np.array([[1.0, 1.0, 0.0, 3.0]], dtype)
    one = np.ones(1, dtype)
    assert select("mean_absolute_error").run(device, p, t, one)[-1].tolist() == [[0, 0, -0.25, 0]]
    losses, dp = replace(select("huber"), options=(0.75,)).run(device, p, t, one)
    assert losses.tolist() == [0.75**2 / 8]
    assert dp.tolist() == [[0, 0, -0.75 / 4, 0]]
    losses, dp = select("hinge").run(device, np.array([[1, -1, 0, 2]], dtype), np.array([[1, -1, 1, -1]], dtype), one)
    assert losses.tolist() == [1.0]
    assert dp.tolist() == [[0, 0, -0.25, 0.25]]


@pytest.mark.compiled
def test_huber_of_a_large_error_is_linear():
    p, t, one = np.array([[1e30]], np.float32), np.zeros((1, 1), np.float32), np.ones(1, np.float32)
    losses = poisoned(one)
    huber_cpu.forward(p, t, one, 0.5, losses)
    assert_agrees(losses, np.array([5e29]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("R", [1, 7, 10007])
def test_mean(R, dtype):
    losses = np.random.default_rng(R).random(R).astype(dtype)
    found, expected = np.full(1, np.nan, dtype), np.full(1, np.nan)
    mean_cpu.forward(losses, found)
    mean_reference.forward(losses.astype(np.float64), expected)
    assert_agrees(found, expected)
    assert_agrees(expected, losses.mean(dtype=np.float64, keepdims=True), 1e-12)


def test_mean_adds_in_double_precision():
    losses, loss = np.array([2**25, 1, -(2**25), 2], np.float32), np.full(1, np.nan, np.float32)
    mean_cpu.forward(losses, loss)
    assert loss[0] == 0.75
    losses[2] = np.nan
    mean_cpu.forward(losses, loss)
    assert np.isnan(loss[0])
