"""Whole passes of layers that memory bounds: the calls that a training step has for the layer, in its order.

Forward moves x and y, backward x, dy and dx; what a layer reads again or saves besides is its own affair.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

import numbanet as nn
from numbanet.kernels._kernel import Executor
from numbanet.program import Call
from numbanet.steps import Mode, Steps

from .operation import FORMATS, Operation, numbers

PASSES = Mode(training=True, loss=True, gradients=True, input_gradient=True)
BYTES = 4  # of a float32


def layer_passes(
    name: str,
    layer: Callable[[], nn.layers.Layer],
    module: Callable[[], Any],
    shape: tuple[int, ...],
    same: bool = True,
) -> Iterator[Operation]:
    """Forward and backward of a layer on x of `shape`; module: PyTorch's, for channels after the batch."""

    @cache
    def recorded() -> tuple[list[Call], list[Call], np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The calls of the two passes, and x, y, dy, dx as they are after a step."""
        model = nn.Sequential([layer()])
        model.build(shape[1:])
        model.compile("sgd", "mse")
        step = Steps(model._built("bench"), model.loss).step(PASSES, shape[0])
        step.x[...] = numbers(*step.x.shape)
        step.targets[...] = numbers(*step.targets.shape, seed=1)
        calls, owner = step.program.calls, model.layers[0].name
        end = max(k for k, call in enumerate(calls) if call.owner == "loss")
        forward = [call for call in calls[:end] if call.owner == owner]
        backward = [call for call in calls[end:] if call.owner == owner]
        Executor([call.kernel.bind(*call.arguments) for call in calls[: end + 1]]).run()
        dy = calls[end].arguments[-1].reshape(step.y.shape).copy()
        step.run()
        return forward, backward, step.x, step.y, dy, step.dx

    def forward():
        calls, _, _, y, _, _ = recorded()
        return [call.kernel.bind(*call.arguments) for call in calls], y

    def backward():
        _, calls, _, _, _, dx = recorded()
        return [call.kernel.bind(*call.arguments) for call in calls], dx

    def tensors():
        """The module, x and dy as PyTorch lays them out, and the axes that lead back; for images in both formats."""
        import torch

        _, _, x, _, dy, _ = recorded()
        if x.ndim == 2:
            return [(module(), torch.tensor(x).requires_grad_(), torch.tensor(dy), (0, 1))]
        found = []
        for name in FORMATS:
            to = {"memory_format": getattr(torch, name)}
            images = (torch.tensor(a).permute(0, 3, 1, 2).contiguous(**to) for a in (x, dy))
            moved, gradient = images
            found.append((module().to(**to), moved.requires_grad_(), gradient, (0, 2, 3, 1)))
        return found

    def torch_forward():
        return [lambda f=f, x=x, axes=axes: f(x).detach().permute(axes) for f, x, _, axes in tensors()]

    def torch_backward():
        import torch

        found = []
        for f, x, dy, axes in tensors():
            y, wanted = f(x), [x, *f.parameters()]

            def run(y=y, wanted=wanted, dy=dy, axes=axes):
                return torch.autograd.grad(y, wanted, dy, retain_graph=True)[0].permute(axes)

            found.append(run)
        return found

    inputs = math.prod(shape)
    outputs = shape[0] * math.prod(layer().describe(shape[1:]).output_shape)
    size = "x".join(map(str, shape))
    yield Operation(f"{name} forward {size}", BYTES * (inputs + outputs), "GB/s", forward, torch_forward, same)
    yield Operation(f"{name} backward {size}", BYTES * (2 * inputs + outputs), "GB/s", backward, torch_backward, same)


def _torch(name: str, *arguments: Any, **keywords: Any) -> Callable[[], Any]:
    def module():
        import torch

        return getattr(torch.nn, name)(*arguments, **keywords)

    return module


def activation_operations() -> Iterator[Operation]:
    layers = nn.layers
    for name, ours, theirs in (
        ("relu", layers.ReLU, _torch("ReLU")),
        ("tanh", layers.Tanh, _torch("Tanh")),
        ("sigmoid", layers.Sigmoid, _torch("Sigmoid")),
        ("gelu", layers.GELU, _torch("GELU")),
    ):
        yield from layer_passes(f"activation {name}", ours, theirs, (128, 512))
    yield from layer_passes("activation relu", layers.ReLU, _torch("ReLU"), (64, 26, 26, 32))


def dropout_operations() -> Iterator[Operation]:
    yield from layer_passes("dropout", lambda: nn.layers.Dropout(0.5), _torch("Dropout", 0.5), (128, 512), same=False)


def pool_operations() -> Iterator[Operation]:
    layers = nn.layers
    for shape in ((64, 24, 24, 64), (64, 32, 32, 32)):
        yield from layer_passes("pool max", lambda: layers.MaxPooling2D(2), _torch("MaxPool2d", 2), shape)
        yield from layer_passes("pool average", lambda: layers.AveragePooling2D(2), _torch("AvgPool2d", 2), shape)


def norm_operations() -> Iterator[Operation]:
    for shape in ((64, 32, 32, 32), (64, 8, 8, 128)):
        norm = _torch("BatchNorm2d", shape[-1], eps=1e-3)
        yield from layer_passes("norm batch", lambda: nn.layers.BatchNormalization(epsilon=1e-3), norm, shape)
