"""Dense layers and convolutions: bound by multiply-adds. Multiplications with padding count too, as is usual."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from numbanet.kernels.conv2d import cpu as conv2d
from numbanet.kernels.dense import cpu as dense

from .operation import FORMATS, Operation, numbers


def dense_products(N: int, I: int, O: int) -> Iterator[Operation]:
    size, work = f"{N}x{I}x{O}", 2.0 * N * I * O

    @cache
    def arrays():
        return numbers(N, I), numbers(I, O, seed=1), numbers(N, O, seed=2)

    def tensors():
        import torch

        x, w, dy = arrays()
        return torch.tensor(x), torch.tensor(w.T.copy()), torch.tensor(dy)  # PyTorch's weights are (O, I)

    def forward():
        x, w, _ = arrays()
        y = np.empty((N, O), np.float32)
        return [dense.forward_without_bias.bind(x, w, y)], y

    def backward_input():
        _, w, dy = arrays()
        dx = np.empty((N, I), np.float32)
        return [dense.backward_input.bind(dy, w, dx)], dx

    def backward_kernel():
        x, _, dy = arrays()
        dw = np.empty((I, O), np.float32)
        return [dense.backward_kernel.bind(dy, x, dw)], dw

    def torch_product(a, b, c):
        import torch

        return [lambda: torch.mm(a, b, out=c)]

    def torch_forward():
        x, w, dy = tensors()
        return torch_product(x, w.T, dy.clone())

    def torch_backward_input():
        x, w, dy = tensors()
        return torch_product(dy, w, x.clone())

    def torch_backward_kernel():
        x, w, dy = tensors()
        return [lambda run=run: run().T for run in torch_product(dy.T, x, w.clone())]

    yield Operation(f"dense forward {size}", work, "GFLOP/s", forward, torch_forward)
    yield Operation(f"dense backward_input {size}", work, "GFLOP/s", backward_input, torch_backward_input)
    yield Operation(f"dense backward_kernel {size}", work, "GFLOP/s", backward_kernel, torch_backward_kernel)


def conv2d_products(N: int, H: int, W: int, C: int, O: int, K: int, P: int, first: bool) -> Iterator[Operation]:
    """Stride 1, P zeros around. The first layer of a network has no backward_input."""
    Y, X = H + 2 * P - K + 1, W + 2 * P - K + 1
    size, work = f"{N}x{H}x{W} {C}->{O} {K}x{K}", 2.0 * N * Y * X * K * K * C * O
    place = (1, 1), (P, P), (1, 1)  # strides, padding, dilation

    @cache
    def arrays():
        return numbers(N, H, W, C), numbers(K, K, C, O, seed=1), numbers(N, Y, X, O, seed=2)

    def tensors():
        """x, w, dy in PyTorch's two memory formats; the gradients of both come back as ours are laid out."""
        import torch

        x, w, dy = (torch.tensor(a) for a in arrays())
        found = x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1), dy.permute(0, 3, 1, 2)
        return [tuple(t.contiguous(memory_format=getattr(torch, f)) for t in found) for f in FORMATS]

    def forward():
        x, w, _ = arrays()
        y = np.empty((N, Y, X, O), np.float32)
        return [conv2d.forward_without_bias.bind(x, w, *place, y)], y

    def backward_input():
        _, w, dy = arrays()
        dx = np.empty((N, H, W, C), np.float32)
        return [conv2d.backward_input.bind(dy, w, *place, dx)], dx

    def backward_kernel():
        x, _, dy = arrays()
        dw = np.empty((K, K, C, O), np.float32)
        return [conv2d.backward_kernel.bind(dy, x, *place, dw)], dw

    def torch_forward():
        import torch

        conv = torch.nn.functional.conv2d
        return [lambda x=x, w=w: conv(x, w, padding=P).permute(0, 2, 3, 1) for x, w, _ in tensors()]

    def torch_backward(mask, which, axes):
        import torch

        back = torch.ops.aten.convolution_backward
        rest = [O], [1, 1], [P, P], [1, 1], False, [0, 0], 1, mask
        return [lambda x=x, w=w, dy=dy: back(dy, x, w, *rest)[which].permute(axes) for x, w, dy in tensors()]

    def torch_backward_input():
        return torch_backward([True, False, False], 0, (0, 2, 3, 1))

    def torch_backward_kernel():
        return torch_backward([False, True, False], 1, (2, 3, 1, 0))

    yield Operation(f"conv2d forward {size}", work, "GFLOP/s", forward, torch_forward)
    if not first:
        yield Operation(f"conv2d backward_input {size}", work, "GFLOP/s", backward_input, torch_backward_input)
    yield Operation(f"conv2d backward_kernel {size}", work, "GFLOP/s", backward_kernel, torch_backward_kernel)


def dense_operations() -> Iterator[Operation]:
    for size in ((128, 784, 512), (64, 784, 128), (1024, 1024, 1024)):
        yield from dense_products(*size)


def conv2d_operations() -> Iterator[Operation]:
    for N, H, C, O, K, P, first in (
        (64, 28, 32, 64, 3, 1, False),
        (64, 26, 32, 64, 3, 0, False),  # of the CNN 32-64
        (32, 32, 64, 64, 3, 1, False),
        (32, 16, 128, 128, 3, 1, False),
        (64, 28, 1, 32, 3, 0, True),
        (64, 32, 3, 32, 3, 1, True),
        (64, 28, 1, 6, 5, 2, True),  # of LeNet-5
        (64, 14, 6, 16, 5, 0, False),
    ):
        yield from conv2d_products(N, H, H, C, O, K, P, first)
