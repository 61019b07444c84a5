"""Whole training steps of the networks of numbanet/bench/workloads.py, and of a ResNet-18 for 32x32 images.

numbanet replays its step, whose batch is on the GPU; "with copies" is train_on_batch, with the batch in the host's
memory and the loss returned. PyTorch takes its step on a batch on the GPU: as it is written, and as a CUDA graph.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import numbanet as nn
from numbanet.bench.workloads import WORKLOADS, Workload
from numbanet.step import TRAIN

from . import Item
from .clock import captured, medians
from .machine import Machine

HEAD = (
    "network, microseconds a step",
    "numbanet",
    "with copies",
    "PyTorch eager",
    "PyTorch graph",
    "eager / numbanet",
    "graph / numbanet",
    "losses",
)
IMAGE, CLASSES = (32, 32, 3), 10
BATCH = 512


def items(machine: Machine) -> list[Item]:
    if machine.quick:
        return [Item(WORKLOADS[0].name, partial(_workload, machine, WORKLOADS[0], None))]
    found = [Item(w.name, partial(_workload, machine, w, None)) for w in WORKLOADS]
    for precision in (None, "tf32", "bf16"):
        name = f"ResNet-18 32x32x3, batch {BATCH}, {precision or 'float32'}"
        found.append(Item(name, partial(_resnet, machine, precision)))
    large = [w for w in WORKLOADS if "512" in w.name or "CNN" in w.name]
    return found + [Item(f"{w.name}, tf32", partial(_workload, machine, w, "tf32")) for w in large]


def cells(row: dict[str, Any]) -> list[str]:
    """Of the table."""

    def number(name: str) -> str:
        return f"{row[name]:,.1f}" if name in row else ""

    ratios = [f"{row[name] / row['numbanet']:.2f}" if name in row else "" for name in ("eager", "graph")]
    losses = ", ".join(f"{loss:.5f}" for loss in row["losses"])
    return [row["name"], *map(number, ("numbanet", "copies", "eager", "graph")), *ratios, losses]


def model_of(workload: Workload, device: Any) -> tuple[nn.Sequential, Any]:
    """The model of peers/numbanet_step on a device, and its weights for the peers."""
    from peers import numbanet_step

    model, weights = numbanet_step.model(workload)
    values = model.get_weights()
    model.build(workload.input_shape, device=device)
    model.set_weights(values)
    return model, weights


def _times(
    machine: Machine, model: nn.Sequential, x: Any, y: Any, peers: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    losses = [model.train_on_batch(x, y)]
    step = model._ready("bench").step(TRAIN, len(x))
    runs: dict[str, Any] = {
        "numbanet": lambda: step.run(wait=False),
        "copies": lambda: model.train_on_batch(x, y),
    }
    more: dict[str, Any] = {}
    if machine.torch:
        for name, peer in peers().items():
            try:
                loss = float(peer())
                runs[name] = captured(machine, peer) if name.startswith("graph") else peer
                losses += [loss] if name == "eager 0" else []
            except Exception as error:  # what PyTorch cannot do leaves a gap in its columns
                more["note"] = f"PyTorch, {name}: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    times = medians(machine, runs)
    faster = {  # of PyTorch's two formats of images
        kind: min(t for name, t in times.items() if name.startswith(kind))
        for kind in ("eager", "graph")
        if any(name.startswith(kind) for name in times)
    }
    return {"numbanet": times["numbanet"], "copies": times["copies"], **faster, "losses": losses, **more}


def _workload(machine: Machine, workload: Workload, precision: str | None) -> dict[str, Any]:
    model, weights = model_of(workload, machine.device(precision))
    x, y = workload.data()

    def peers() -> dict[str, Any]:
        from peers import torch_step

        torch = machine.torch
        _allow(torch, precision)
        formats = (0, 1) if len(workload.input_shape) == 3 else (0,)
        return {
            f"{name} {k}": _torch_step(torch, torch_step.network(workload, weights, k)[0], x, y, None, name == "graph")
            for name in ("eager", "graph")
            for k in formats
        }

    return _times(machine, model, x, y, peers)


def _allow(torch: Any, precision: str | None) -> None:
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.benchmark = True


def _torch_step(torch: Any, module: Any, x: Any, y: Any, precision: str | None, graph: bool) -> Callable[[], Any]:
    """Forward, loss, backward and fused Adam on a batch on the GPU; images in the memory format of the weights."""
    module = module.cuda()
    tx, ty = torch.tensor(x, device="cuda"), torch.tensor(y, device="cuda")
    if tx.ndim == 4:
        last = any(p.ndim == 4 and p.is_contiguous(memory_format=torch.channels_last) for p in module.parameters())
        tx = tx.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)
    optimizer = torch.optim.Adam(module.parameters(), 1e-3, eps=1e-7, fused=True, capturable=graph)
    loss_of = torch.nn.BCEWithLogitsLoss() if y.ndim == 2 else torch.nn.CrossEntropyLoss()
    half = precision == "bf16"

    def run() -> Any:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", torch.bfloat16, enabled=half, cache_enabled=not graph):
            loss = loss_of(module(tx), ty)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return run


# --- a ResNet-18 for small images: He et al. 2016, with a first convolution of 3x3 and no pooling after it


def resnet(device: Any, stages: tuple[int, ...] = (64, 128, 256, 512)) -> nn.Sequential:
    layers = nn.layers

    def conv(filters: int, strides: int = 1, size: int = 3) -> list[nn.layers.Layer]:
        return [
            layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
        ]

    chain = [*conv(stages[0]), layers.ReLU()]
    for k, filters in enumerate(stages):
        for block in range(2):
            strides = 2 if k and not block else 1
            f = [*conv(filters, strides), layers.ReLU(), *conv(filters)]
            shortcut = conv(filters, strides, 1) if strides == 2 else None
            chain.append(layers.Residual(f, shortcut, activation="relu"))
    model = nn.Sequential([*chain, layers.GlobalAveragePooling2D(), layers.Dense(CLASSES)], seed=0)
    model.build(IMAGE, device=device)
    model.compile(nn.optimizers.Adam(1e-3), nn.losses.SparseCategoricalCrossentropy())
    return model


def torch_resnet(torch: Any, stages: tuple[int, ...] = (64, 128, 256, 512)) -> Any:
    nn_ = torch.nn

    def conv(before: int, filters: int, strides: int = 1, size: int = 3) -> list[Any]:
        return [
            nn_.Conv2d(before, filters, size, strides, size // 2, bias=False),
            nn_.BatchNorm2d(filters),
        ]

    class Block(nn_.Module):
        def __init__(self, before: int, filters: int, strides: int) -> None:
            super().__init__()
            self.f = nn_.Sequential(*conv(before, filters, strides), nn_.ReLU(), *conv(filters, filters))
            self.g = nn_.Sequential(*conv(before, filters, strides, 1)) if strides == 2 else nn_.Identity()

        def forward(self, x: Any) -> Any:
            return torch.relu(self.f(x) + self.g(x))

    chain = [*conv(3, stages[0]), nn_.ReLU()]
    before = stages[0]
    for k, filters in enumerate(stages):
        for block in range(2):
            chain.append(Block(before, filters, 2 if k and not block else 1))
            before = filters
    chain += [nn_.AdaptiveAvgPool2d(1), nn_.Flatten(), nn_.Linear(before, CLASSES)]
    return nn_.Sequential(*chain).to(memory_format=torch.channels_last)


def image_batch(n: int) -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    return random.standard_normal((n, *IMAGE), np.float32), random.integers(0, CLASSES, n)


def _resnet(machine: Machine, precision: str | None) -> dict[str, Any]:
    x, y = image_batch(BATCH)

    def peers() -> dict[str, Any]:
        torch = machine.torch
        _allow(torch, precision)
        return {
            f"{name} 0": _torch_step(torch, torch_resnet(torch), x, y, precision, name == "graph")
            for name in ("eager", "graph")
        }

    return _times(machine, resnet(machine.device(precision)), x, y, peers)
