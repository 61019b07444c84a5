"""PyTorch eager with fused Adam, in both memory formats where there are images."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch

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
    Layer,
    Norm,
    Pool,
    Recurrent,
    Shape,
    Workload,
)

Weights = list[dict[str, np.ndarray]]
Step = Callable[[], float]
FORMATS = torch.contiguous_format, torch.channels_last


class _LastState(torch.nn.Module):
    def __init__(self, layer: torch.nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)[0][:, -1]


def _modules(layer: Layer, shape: Shape, w: dict[str, np.ndarray]) -> Iterator[torch.nn.Module]:
    """A layer of the description; w has its weights as PyTorch lays them out, by PyTorch's names."""
    relu = getattr(layer, "relu", False)
    match layer:
        case Dense(units):
            found = torch.nn.Linear(shape[0], units)
        case Conv(filters, size, padding):
            found = torch.nn.Conv2d(shape[2], filters, size, padding=padding)
        case Norm():
            found = torch.nn.BatchNorm2d(shape[2], eps=NORM_EPSILON, momentum=1 - NORM_MOMENTUM)
        case Pool(size):
            found = torch.nn.MaxPool2d(size)
        case Flatten():
            found = torch.nn.Flatten()
        case Recurrent(units, cell):
            found = _LastState(getattr(torch.nn, cell)(shape[1], units, batch_first=True))
    found.load_state_dict({name: torch.tensor(a) for name, a in w.items()}, strict=False)
    yield found
    if relu:
        yield torch.nn.ReLU()


def _weights(workload: Workload, weights: Weights) -> Iterator[dict[str, np.ndarray]]:
    """Keras's layouts and names to PyTorch's. After Flatten, PyTorch counts the channel slowest."""
    image = None
    for (layer, shape), w in zip(workload.walk(), weights, strict=True):
        match layer:
            case Flatten():
                image = shape
                yield {}
            case Dense():
                kernel = w["kernel"]
                if image:
                    kernel = kernel.reshape(*image, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
                    image = None
                yield {"weight": kernel.T, "bias": w["bias"]}
            case Conv():
                yield {"weight": w["kernel"].transpose(3, 2, 0, 1), "bias": w["bias"]}
            case Norm():
                yield {"weight": w["gamma"], "bias": w["beta"]}
            case Pool():
                yield {}
            case Recurrent():
                yield _recurrent(layer, w)


def _recurrent(layer: Recurrent, w: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """PyTorch's GRU has the reset gate first."""
    order = {"LSTM": (0, 1, 2, 3), "GRU": (1, 0, 2)}[layer.cell]

    def parts(a):
        return a.reshape(*a.shape[:-1], len(order), layer.units)[..., order, :].reshape(a.shape)

    b = w["bias"] if w["bias"].ndim == 2 else np.stack([w["bias"], np.zeros_like(w["bias"])])
    laid_out = {"weight_ih_l0": w["kernel"], "weight_hh_l0": w["recurrent_kernel"], "bias_ih_l0": b[0]}
    laid_out["bias_hh_l0"] = b[1]
    return {f"layer.{name}": parts(a).T for name, a in laid_out.items()}


def set_threads(threads: int) -> None:
    torch.set_num_threads(threads)


def steps(workload: Workload, x: np.ndarray, y: np.ndarray, weights: Weights | None) -> list[Step]:
    """One for each memory format."""
    formats = FORMATS if len(workload.input_shape) == 3 else FORMATS[:1]
    return [step(workload, x, y, weights, k) for k in range(len(formats))]


def network(workload: Workload, weights: Weights | None, which: int = 0):
    """The model, its optimizer and its loss, in FORMATS[which]."""
    own: Weights = [{} for _ in workload.layers]
    laid_out = _weights(workload, weights) if weights else own
    pairs = zip(workload.walk(), laid_out, strict=True)
    modules = [module for (layer, shape), w in pairs for module in _modules(layer, shape, w)]
    model = torch.nn.Sequential(*modules).to(memory_format=FORMATS[which])
    optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE, (BETA_1, BETA_2), eps=EPSILON, fused=True)
    return model, optimizer, torch.nn.BCEWithLogitsLoss() if workload.outputs == 1 else torch.nn.CrossEntropyLoss()


def step(workload: Workload, x: np.ndarray, y: np.ndarray, weights: Weights | None, which: int = 0) -> Step:
    """In FORMATS[which]."""
    model, optimizer, loss_of = network(workload, weights, which)
    x, y = torch.tensor(x), torch.tensor(y)
    if x.ndim == 4:
        x = x.permute(0, 3, 1, 2).contiguous(memory_format=FORMATS[which])

    def run():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return run
