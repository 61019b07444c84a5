"""The loss and the optimizer: what a step does beside its layers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from numbanet.kernels.adam import cpu as adam
from numbanet.kernels.softmax_cross_entropy import cpu as softmax_cross_entropy

from .operation import Operation, numbers

BYTES = 4  # of a float32


def cross_entropy(R: int, C: int) -> Iterator[Operation]:
    """R samples with one of C labels each."""

    @cache
    def arrays():
        labels = np.random.default_rng(0).integers(0, C, R)
        ones, logsumexp, losses = np.ones(R, np.float32), np.empty(R, np.float32), np.empty(R, np.float32)
        return numbers(R, C), labels, ones, logsumexp, losses

    def forward():
        z, labels, weights, logsumexp, losses = arrays()
        return [softmax_cross_entropy.forward_sparse.bind(z, labels, weights, logsumexp, losses)], losses

    def backward():
        z, labels, weights, logsumexp, losses = arrays()
        softmax_cross_entropy.forward_sparse(z, labels, weights, logsumexp, losses)
        dz = np.empty_like(z)
        return [softmax_cross_entropy.backward_sparse.bind(z, labels, weights, logsumexp, dz)], dz

    def tensors():
        import torch

        z, labels, *_ = arrays()
        z, labels = torch.tensor(z).requires_grad_(), torch.tensor(labels)
        return z, lambda reduction: torch.nn.functional.cross_entropy(z, labels, reduction=reduction)

    def torch_forward():
        _, loss = tensors()
        return [lambda: loss("none").detach()]

    def torch_backward():
        import torch

        z, loss = tensors()
        mean = loss("mean")
        return [lambda: torch.autograd.grad(mean, z, retain_graph=True)[0]]

    size = f"{R}x{C}"
    yield Operation(f"cross_entropy forward {size}", BYTES * R * C, "GB/s", forward, torch_forward)
    yield Operation(f"cross_entropy backward {size}", BYTES * 2 * R * C, "GB/s", backward, torch_backward)


def adam_update(size: int) -> Operation:
    """It reads g, m, v, w and writes m, v, w."""

    def ours():
        g, w = numbers(size), numbers(size, seed=1)
        m, v = np.zeros_like(g), np.zeros_like(g)
        rate, iteration = np.full(1, 1e-3), np.ones(1, np.int64)
        return [adam.update.bind(g, rate, 0.9, 0.999, 1e-7, iteration, m, v, w)], w

    def theirs():
        import torch

        w = torch.nn.Parameter(torch.tensor(numbers(size, seed=1)))
        w.grad = torch.tensor(numbers(size))
        optimizer = torch.optim.Adam([w], 1e-3, eps=1e-7, fused=True)

        def step():
            optimizer.step()
            return w.detach()

        return [step]

    return Operation(f"adam update {size}", BYTES * 7 * size, "GB/s", ours, theirs, same=False)


def cross_entropy_operations() -> Iterator[Operation]:
    yield from cross_entropy(128, 10)
    yield from cross_entropy(256, 1000)


def adam_operations() -> Iterator[Operation]:
    yield adam_update(669_706)  # the parameters of the MLP 784-512-512-10
    yield adam_update(2_410)  # and of 64-32-10
