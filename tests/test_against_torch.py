"""Whole trainings against PyTorch in float64: the losses of every step and the weights after the last."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, losses, optimizers
from numbanet.layers.activations import _known as ACTIVATIONS

torch = pytest.importorskip("torch")
F = torch.nn.functional

N, FEATURES, STEPS = 11, 5, 10
RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((STEPS, N, FEATURES))
Y = RANDOM.standard_normal((STEPS, N, 3))
LABELS = RANDOM.integers(0, 3, (STEPS, N))
ONE_HOT = np.eye(3)[LABELS]
SHARES = RANDOM.dirichlet(np.ones(3), (STEPS, N))
BINARY = RANDOM.integers(0, 2, (STEPS, N, 3)).astype(float)
WEIGHTS = RANDOM.uniform(0, 3, (STEPS, N)).round(1)
TOLERANCE = {"rtol": 1e-10, "atol": 1e-10}


def rowwise(loss, **options):
    return lambda p, t: loss(p, t, reduction="none", **options).mean(dim=1)


def smooth_pairs(t, s):
    return t * (1 - s) + s / 2


def smooth_classes(t, s):
    return t * (1 - s) + s / t.shape[1]


# a loss, its targets, the last activation, and the losses of the samples in PyTorch
LOSSES = [
    (losses.MeanSquaredError(), Y, None, rowwise(F.mse_loss)),
    (losses.MeanAbsoluteError(), Y, None, rowwise(F.l1_loss)),
    (losses.Huber(), Y, None, rowwise(F.huber_loss)),
    (losses.Huber(0.3), Y, None, rowwise(F.huber_loss, delta=0.3)),
    (losses.Hinge(), 2 * BINARY - 1, None, lambda p, t: F.relu(1 - t * p).mean(dim=1)),
    (losses.Hinge(), BINARY, None, lambda p, t: F.relu(1 - (2 * t - 1) * p).mean(dim=1)),
    (losses.BinaryCrossentropy(), BINARY, None, rowwise(F.binary_cross_entropy_with_logits)),
    (losses.BinaryCrossentropy(), SHARES, None, rowwise(F.binary_cross_entropy_with_logits)),
    (
        losses.BinaryCrossentropy(label_smoothing=0.2),
        BINARY,
        None,
        lambda p, t: rowwise(F.binary_cross_entropy_with_logits)(p, smooth_pairs(t, 0.2)),
    ),
    (losses.BinaryCrossentropy(False), BINARY, "sigmoid", rowwise(F.binary_cross_entropy)),
    (
        losses.BinaryCrossentropy(False, 0.2),
        BINARY,
        "sigmoid",
        lambda p, t: rowwise(F.binary_cross_entropy)(p, smooth_pairs(t, 0.2)),
    ),
    (losses.CategoricalCrossentropy(), ONE_HOT, None, lambda p, t: F.cross_entropy(p, t, reduction="none")),
    (losses.CategoricalCrossentropy(), SHARES, None, lambda p, t: F.cross_entropy(p, t, reduction="none")),
    (
        losses.CategoricalCrossentropy(label_smoothing=0.2),
        ONE_HOT,
        None,
        lambda p, t: F.cross_entropy(p, t, reduction="none", label_smoothing=0.2),
    ),
    (losses.CategoricalCrossentropy(False), ONE_HOT, "softmax", lambda p, t: -(t * p.log()).sum(dim=1)),
    (
        losses.CategoricalCrossentropy(False, 0.2),
        SHARES,
        "softmax",
        lambda p, t: -(smooth_classes(t, 0.2) * p.log()).sum(dim=1),
    ),
    (losses.SparseCategoricalCrossentropy(), LABELS, None, lambda p, t: F.cross_entropy(p, t, reduction="none")),
    (
        losses.SparseCategoricalCrossentropy(False),
        LABELS,
        "softmax",
        lambda p, t: F.nll_loss(p.log(), t, reduction="none"),
    ),
]


class _Lion(torch.optim.Optimizer):
    """Algorithm 2 of the paper; PyTorch has none."""

    def __init__(self, parameters, lr, betas):
        super().__init__(parameters, {"lr": lr, "betas": betas})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in group["params"]:
                m = self.state[w].setdefault("m", torch.zeros_like(w))
                (first, second), g = group["betas"], w.grad
                w -= group["lr"] * torch.sign(first * m + (1 - first) * g)
                m.copy_(second * m + (1 - second) * g)


SGD, ADAM = torch.optim.SGD, torch.optim.Adam
OPTIMIZERS = [
    (optimizers.SGD(0.1), lambda w: SGD(w, 0.1)),
    (optimizers.SGD(0.1, momentum=0.9), lambda w: SGD(w, 0.1, momentum=0.9)),
    (optimizers.SGD(0.1, momentum=0.8, nesterov=True), lambda w: SGD(w, 0.1, momentum=0.8, nesterov=True)),
    (optimizers.Adagrad(0.05), lambda w: torch.optim.Adagrad(w, 0.05, initial_accumulator_value=0.1, eps=1e-7)),
    (
        optimizers.Adagrad(0.05, initial_accumulator_value=0.0, epsilon=1e-3),
        lambda w: torch.optim.Adagrad(w, 0.05, eps=1e-3),
    ),
    (optimizers.RMSprop(), lambda w: torch.optim.RMSprop(w, 0.001, alpha=0.9, eps=1e-7)),
    (optimizers.RMSprop(0.01, 0.8, epsilon=1e-4), lambda w: torch.optim.RMSprop(w, 0.01, alpha=0.8, eps=1e-4)),
    (
        optimizers.RMSprop(0.01, momentum=0.7),
        lambda w: torch.optim.RMSprop(w, 0.01, alpha=0.9, eps=1e-7, momentum=0.7),
    ),
    (
        optimizers.RMSprop(0.01, centered=True, epsilon=1e-4),
        lambda w: torch.optim.RMSprop(w, 0.01, alpha=0.9, eps=1e-4, centered=True),
    ),
    (
        optimizers.RMSprop(0.01, momentum=0.7, centered=True, epsilon=1e-4),
        lambda w: torch.optim.RMSprop(w, 0.01, alpha=0.9, eps=1e-4, centered=True, momentum=0.7),
    ),
    (optimizers.Adam(), lambda w: ADAM(w, eps=1e-7)),
    (
        optimizers.Adam(0.01, beta_1=0.8, beta_2=0.9, epsilon=1e-3),
        lambda w: ADAM(w, 0.01, betas=(0.8, 0.9), eps=1e-3),
    ),
    (
        optimizers.Adam(0.05, beta_2=0.5, amsgrad=True),
        lambda w: ADAM(w, 0.05, betas=(0.9, 0.5), eps=1e-7, amsgrad=True),
    ),
    (optimizers.AdamW(0.01), lambda w: torch.optim.AdamW(w, 0.01, eps=1e-7, weight_decay=0.004)),
    (
        optimizers.AdamW(0.01, weight_decay=0.3, amsgrad=True),
        lambda w: torch.optim.AdamW(w, 0.01, eps=1e-7, weight_decay=0.3, amsgrad=True),
    ),
    (optimizers.Lion(0.01), lambda w: _Lion(w, 0.01, (0.9, 0.99))),
    (optimizers.Lion(0.01, beta_1=0.7, beta_2=0.8), lambda w: _Lion(w, 0.01, (0.7, 0.8))),
]
# arguments that all optimizers have
COMMON = [
    (optimizers.SGD, lambda w: SGD(w, 0.02, momentum=0.9), {"momentum": 0.9}),
    (optimizers.Adagrad, lambda w: torch.optim.Adagrad(w, 0.02, initial_accumulator_value=0.1, eps=1e-7), {}),
    (optimizers.RMSprop, lambda w: torch.optim.RMSprop(w, 0.02, alpha=0.9, eps=1e-7), {}),
    (optimizers.Adam, lambda w: ADAM(w, 0.02, eps=1e-7), {}),
    (optimizers.AdamW, lambda w: ADAM(w, 0.02, eps=1e-7), {"weight_decay": 0.0}),
    (optimizers.Lion, lambda w: _Lion(w, 0.02, (0.9, 0.99)), {}),
]
LIMITS = [
    {"clipnorm": 0.05},
    pytest.param({"clipnorm": 100.0}, marks=pytest.mark.compiled),
    {"global_clipnorm": 0.1},
    {"clipvalue": 0.01},
    pytest.param({"weight_decay": 0.5}, marks=pytest.mark.compiled),
    {"weight_decay": 0.5, "clipnorm": 0.05},
]


def network(optimizer, loss, last=None):
    top = layers.Dense(3, last)
    m = nn.Sequential([layers.Dense(7, "tanh"), layers.Dense(6, "tanh", bias_initializer="ones"), top], seed=2)
    m.build((FEATURES,), dtype="float64")
    m.compile(optimizer, loss)
    return m


def tensors(weights):
    return [torch.tensor(w, requires_grad=True) for w in weights]


def forward(weights, x, last):
    for w, b in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = torch.tanh(x @ w + b)
    x = x @ weights[-2] + weights[-1]
    return {None: x, "sigmoid": torch.sigmoid(x), "softmax": torch.softmax(x, dim=1)}[last]


def limit(weights, rate, clipnorm=None, global_clipnorm=None, clipvalue=None, weight_decay=None):
    """Keras's order: clip, decay. PyTorch's clip_grad_norm_ adds 1e-6 to the norm."""
    with torch.no_grad():
        gradients = [w.grad for w in weights]
        together = torch.sqrt(sum((g * g).sum() for g in gradients))
        for w, g in zip(weights, gradients, strict=True):
            norm, most = (torch.sqrt((g * g).sum()), clipnorm) if clipnorm else (together, global_clipnorm)
            if most and norm > most:
                g.mul_(most / norm)
            if clipvalue:
                g.clamp_(-clipvalue, clipvalue)
            w.mul_(1 - rate * (weight_decay or 0.0))


def compare(model, y, torch_loss, torch_optimizer, last=None, weighted=False, **limits):
    weights = tensors(model.get_weights())
    optimizer = torch_optimizer(weights)
    for k in range(STEPS):
        optimizer.zero_grad()
        samples = torch_loss(forward(weights, torch.tensor(X[k]), last), torch.tensor(y[k]))
        loss = (samples * torch.tensor(WEIGHTS[k]) if weighted else samples).mean()
        loss.backward()
        limit(weights, optimizer.param_groups[0]["lr"], **limits)
        optimizer.step()
        found = model.train_on_batch(X[k], y[k], WEIGHTS[k] if weighted else None)
        np.testing.assert_allclose(found, loss.item(), **TOLERANCE)
    for found, expected in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_allclose(found, expected.detach().numpy(), **TOLERANCE)


@pytest.mark.parametrize("weighted", [pytest.param(False, marks=pytest.mark.compiled), True], ids=["", "weighted"])
@pytest.mark.parametrize(
    ("loss", "y", "last", "expected"), LOSSES, ids=lambda v: repr(v) if hasattr(v, "prepare") else ""
)
def test_losses(loss, y, last, expected, weighted):
    compare(network(optimizers.SGD(0.2), loss, last), y, expected, lambda w: SGD(w, 0.2), last, weighted)


@pytest.mark.parametrize(("optimizer", "expected"), OPTIMIZERS, ids=lambda v: repr(v) if hasattr(v, "moments") else "")
def test_optimizers(optimizer, expected):
    compare(network(optimizer, "mse"), Y, rowwise(F.mse_loss), expected)


@pytest.mark.parametrize("limits", LIMITS, ids=lambda v: ",".join(f"{k}={x}" for k, x in v.items()))
@pytest.mark.parametrize(("make", "expected", "arguments"), COMMON, ids=lambda v: getattr(v, "__name__", ""))
def test_clipping_and_decay(make, expected, arguments, limits):
    model = network(make(0.02, **(arguments | limits)), "mse")
    compare(model, Y, rowwise(F.mse_loss), expected, **limits)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda v: repr(v[0]))
def test_gradients(loss):
    loss, y, last, expected = loss
    model = network("sgd", loss, last)
    found, gradients = model.gradients(X[0], y[0], WEIGHTS[0])
    weights, x = tensors(model.get_weights()), torch.tensor(X[0], requires_grad=True)
    value = (expected(forward(weights, x, last), torch.tensor(y[0])) * torch.tensor(WEIGHTS[0])).mean()
    value.backward()
    np.testing.assert_allclose(found, value.item(), **TOLERANCE)
    for g, w in zip(gradients, weights, strict=True):
        np.testing.assert_allclose(g, w.grad.numpy(), **TOLERANCE)
    np.testing.assert_allclose(model.input_gradient(X[0], y[0], WEIGHTS[0]), x.grad.numpy(), **TOLERANCE)


FUNCTIONS = {
    "elu": F.elu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "hard_sigmoid": lambda x: torch.clamp(x + 3, 0, 6) / 6,  # F.hardsigmoid's backward has 1/6 in float32
    "leaky_relu": lambda x: F.leaky_relu(x, 0.3),
    "linear": lambda x: x,
    "log_softmax": lambda x: F.log_softmax(x, dim=-1),
    "mish": F.mish,
    "relu": F.relu,
    "selu": F.selu,
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "softmax": lambda x: F.softmax(x, dim=-1),
    "softplus": lambda x: F.softplus(x, threshold=700.0),
    "softsign": F.softsign,
    "step": lambda x: (x >= 0) + 0 * x,
    "swish": F.silu,
    "tanh": torch.tanh,
}


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_activations(name):
    scale = np.array([1e-9, 0.1, 1.0, 4.0, 30.0, 100.0])[:, None]
    x = np.concatenate([Y[:6, :5, 0] * scale, np.zeros((1, 5))])
    y = Y[:7, :5, 1]
    model = nn.Sequential([layers.Activation(name)])
    model.build((5,), dtype="float64")
    model.compile("sgd", "mse")
    tx = torch.tensor(x, requires_grad=True)
    output = FUNCTIONS[name](tx)
    F.mse_loss(output, torch.tensor(y)).backward()
    np.testing.assert_allclose(model.predict(x), output.detach().numpy(), **TOLERANCE)
    np.testing.assert_allclose(model.input_gradient(x, y), tx.grad.numpy(), **TOLERANCE)
