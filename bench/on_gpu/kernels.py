"""Kernels beside PyTorch's of the same operation, cuBLAS's and cuDNN's, and beside the bandwidth of a copy.

Both in CUDA graphs, taking turns. "float32" is PyTorch without TF32; bf16 is PyTorch on arrays of bf16, where
numbanet's are float32 in memory. Multiplications with padding count as work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import numbanet as nn
from numbanet.kernels import activations, adam, add, check, conv2d, copy, dense
from numbanet.losses import MeanSquaredError
from numbanet.step import Mode
from numbanet.steps import Steps

from . import Item
from .clock import kernel_times, medians
from .machine import Machine, normal

HEAD = "kernel", "unit", "numbanet", "PyTorch", "PyTorch's time / numbanet's", "of a copy's bandwidth", "error"
PRECISIONS = None, "tf32", "bf16"
LARGE = 1 << 26  # numbers of an array that does not fit into the L2 cache
PASSES = Mode(training=True, loss=True, gradients=True, input_gradient=True)

DENSE = [(4096, 4096, 4096), (2048, 2048, 2048), (1024, 1024, 1024), (8192, 784, 512), (128, 784, 512), (128, 512, 10)]
CONV = [  # N, H and W, C, O, K
    (128, 56, 64, 128, 3),
    (512, 32, 64, 64, 3),
    (512, 8, 256, 256, 3),
    (512, 32, 3, 64, 3),
    (64, 28, 32, 64, 3),
]


def items(machine: Machine) -> list[Item]:
    """Most telling first."""
    shapes, images = ([(16, 20, 12)], [(2, 5, 3, 4, 3)]) if machine.quick else (DENSE, CONV)
    precisions = PRECISIONS[:1] if machine.quick else PRECISIONS
    found = [Item(f"{name} of {LARGE >> 20} Mi", partial(_stream, machine, name)) for name in STREAMS]
    for pick in (slice(0, 1), slice(1, None)):
        for precision in precisions:
            for shape in shapes[pick]:
                found += [Item(*item) for item in _dense(machine, precision, *shape)]
            for image in images[pick]:
                found += [Item(*item) for item in _conv(machine, precision, *image)]
        if pick.stop and not machine.quick:
            found += [Item(f"{name} {w}", partial(_layer, machine, name, w)) for name in LAYERS for w in WHICH]
    return found


def cells(row: dict[str, Any]) -> list[str]:
    """Of the table."""
    theirs = row.get("PyTorch")
    work = row["work"]
    share = f"{row['share']:.0%}" if "share" in row else ""
    return [
        row["name"],
        row["unit"],
        f"{work / row['numbanet']:,.1f}",
        f"{work / theirs:,.1f}" if theirs else "",
        f"{theirs / row['numbanet']:.2f}" if theirs else "",
        share,
        f"{row['error']:.1e}" if "error" in row else "",
    ]


# --- products


def _measure(machine: Machine, bound: Any, result: Any, peer: Callable[[], Any] | None) -> dict[str, Any]:
    """Times, and how far PyTorch's result is from ours."""
    found = kernel_times(machine, [bound], {"PyTorch": peer} if peer else {})
    if peer:
        ours, theirs = np.array(result).astype(np.float64), peer().float().cpu().numpy().astype(np.float64)
        found["error"] = float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))
    return found


def _allow(torch: Any, precision: str | None) -> Any:
    """The type of PyTorch's arrays, once it is told whether products may take TF32."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.benchmark = True
    return torch.bfloat16 if precision == "bf16" else torch.float32


def _dense(machine: Machine, precision: str | None, N: int, I: int, O: int) -> Iterator[tuple[str, Any]]:
    size = f"{N}x{I}x{O} {precision or 'float32'}"

    def run(which: str) -> dict[str, Any]:
        device, torch = machine.device(precision), machine.torch
        kernels = device.kernels(dense)
        if precision and not kernels.__name__.endswith(precision):
            return {"missing": f"no kernels for {precision}"}
        x, w, dy = normal(N, I), normal(I, O, seed=1), normal(N, O, seed=2)
        out = {"forward": (N, O), "backward_input": (N, I), "backward_kernel": (I, O)}[which]
        y = device.zeros(out, np.float32)
        given = {"forward": (x, w), "backward_input": (dy, w), "backward_kernel": (dy, x)}[which]
        kernel = kernels.forward_without_bias if which == "forward" else getattr(kernels, which)
        bound = kernel.bind(*map(device.take, given), y)
        peer = None
        if torch:
            dtype = _allow(torch, precision)
            tx, tw, tdy = (torch.tensor(a, device="cuda", dtype=dtype) for a in (x, w, dy))
            peer = {
                "forward": lambda: torch.mm(tx, tw),
                "backward_input": lambda: torch.mm(tdy, tw.T),
                "backward_kernel": lambda: torch.mm(tx.T, tdy),
            }[which]
        return {"work": 2e-6 * N * I * O, "unit": "TFLOP/s", **_measure(machine, bound, y, peer)}

    for which in ("forward", "backward_input", "backward_kernel"):
        yield f"dense {which} {size}", partial(run, which)


def _conv(machine: Machine, precision: str | None, N: int, H: int, C: int, O: int, K: int) -> Iterator[tuple[str, Any]]:
    """Stride 1, padding "same"."""
    size, P = f"{N}x{H}x{H} {C}->{O} {K}x{K} {precision or 'float32'}", K // 2
    place = (1, 1), (P, P), (1, 1)

    def run(which: str) -> dict[str, Any]:
        device, torch = machine.device(precision), machine.torch
        kernels = device.kernels(conv2d)
        if precision and not kernels.__name__.endswith(precision):
            return {"missing": f"no kernels for {precision}"}
        x, w, dy = normal(N, H, H, C), normal(K, K, C, O, seed=1), normal(N, H, H, O, seed=2)
        out = {"forward": dy.shape, "backward_input": x.shape, "backward_kernel": w.shape}[which]
        y = device.zeros(out, np.float32)
        given = {"forward": (x, w), "backward_input": (dy, w), "backward_kernel": (dy, x)}[which]
        kernel = kernels.forward_without_bias if which == "forward" else getattr(kernels, which)
        bound = kernel.bind(*map(device.take, given), *place, y)
        peer = _torch_conv(torch, _allow(torch, precision), which, x, w, dy, P) if torch else None
        return {"work": 2e-6 * N * H * H * K * K * C * O, "unit": "TFLOP/s", **_measure(machine, bound, y, peer)}

    for which in ("forward", "backward_input", "backward_kernel"):
        if not (which == "backward_input" and C == 3):
            yield f"conv2d {which} {size}", partial(run, which)


def _torch_conv(torch: Any, dtype: Any, which: str, x: Any, w: Any, dy: Any, P: int) -> Callable[[], Any]:
    """In the memory format that numbanet has too, which is the faster one on tensor cores."""
    to = {"device": "cuda", "dtype": dtype}
    tx, tdy = (torch.tensor(a, **to).permute(0, 3, 1, 2) for a in (x, dy))
    tw = torch.tensor(w, **to).permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    if which == "forward":
        return lambda: torch.nn.functional.conv2d(tx, tw, padding=P).permute(0, 2, 3, 1)
    mask, place, axes = {
        "backward_input": ([True, False, False], 0, (0, 2, 3, 1)),
        "backward_kernel": ([False, True, False], 1, (2, 3, 1, 0)),
    }[which]
    rest = [w.shape[3]], [1, 1], [P, P], [1, 1], False, [0, 0], 1, mask
    back = torch.ops.aten.convolution_backward
    return lambda: back(tdy, tx, tw, *rest)[place].permute(axes)


# --- what memory bounds


def _numbers(device: Any, size: int, count: int) -> list[Any]:
    """Arrays of numbers that are not zero: zeros are faster."""
    found = [device.take(normal(size))]
    for _ in range(count - 1):
        found.append(device.zeros((size,), np.float32))
        found[-1][...] = found[0]
    return found


def _copies(device: Any, size: int) -> tuple[Any, float, None]:
    a, b = _numbers(device, size, 2)
    return device.kernels(copy).forward.bind(a, b), 2, None


def _adds(device: Any, size: int) -> tuple[Any, float, Any]:
    a, b, y = _numbers(device, size, 3)
    return device.kernels(add).forward.bind(a, b, y), 3, lambda torch, t: lambda: torch.add(t[0], t[1], out=t[2])


def _relus(device: Any, size: int) -> tuple[Any, float, Any]:
    x, y = _numbers(device, size, 2)
    return device.kernels(activations).relu.bind(x, y), 2, lambda torch, t: lambda: torch.clamp_min(t[0], 0, out=t[1])


def _gelus(device: Any, size: int) -> tuple[Any, float, Any]:
    x, y = _numbers(device, size, 2)
    return device.kernels(activations).gelu.bind(x, y), 2, lambda torch, t: lambda: torch.nn.functional.gelu(t[0])


def _checks(device: Any, size: int) -> tuple[Any, float, Any]:
    (x,) = _numbers(device, size, 1)
    bound = device.kernels(check).expect_finite.bind(device.zeros((1,), np.int64), x)
    return bound, 1, lambda torch, t: lambda: torch.isfinite(t[0]).all()


def _adams(device: Any, size: int) -> tuple[Any, float, Any]:
    g, m, v, w = _numbers(device, size, 4)
    rate, iteration = device.take(np.full(1, 1e-3)), device.take(np.ones(1, np.int64))
    bound = device.kernels(adam).update.bind(g, rate, 0.9, 0.999, 1e-7, iteration, m, v, w)

    def peer(torch: Any, t: Any) -> Any:
        weights = torch.nn.Parameter(t[0])
        weights.grad = t[1]
        return torch.optim.Adam([weights], 1e-3, eps=1e-7, fused=True, capturable=True).step

    return bound, 7, peer


STREAMS: dict[str, Callable[[Any, int], tuple[Any, float, Any]]] = {
    "copy": _copies,
    "add": _adds,
    "relu": _relus,
    "gelu": _gelus,
    "adam": _adams,
    "check": _checks,
}


def _bandwidth(machine: Machine, size: int) -> float:
    """Bytes a microsecond of the driver's own copy within the GPU, read and written."""
    device = machine.device()
    a, b = _numbers(device, size, 2)
    return 2 * a.nbytes / medians(machine, {"": lambda: device.driver.copy(a.address, b.address, a.nbytes)})[""]


def _stream(machine: Machine, name: str) -> dict[str, Any]:
    size = 1000 if machine.quick else LARGE
    bound, arrays, peer = STREAMS[name](machine.device(), size)
    torch = machine.torch
    peers = {}
    if torch and peer:
        peers["PyTorch"] = peer(torch, [torch.randn(size, device="cuda") for _ in range(3)])
    found = kernel_times(machine, [bound], peers)
    work = arrays * 4 * size
    rate = work / found["numbanet"]
    return {"work": work * 1e-3, "unit": "GB/s", "share": rate / _bandwidth(machine, size), **found}


# --- passes of layers


LAYERS: dict[str, tuple[Callable[[], nn.layers.Layer], tuple[int, ...], Any]] = {
    "BatchNormalization 512x32x32x64": (
        lambda: nn.layers.BatchNormalization(),
        (512, 32, 32, 64),
        lambda torch: torch.nn.BatchNorm2d(64),
    ),
    "LayerNormalization 16384x1024": (
        lambda: nn.layers.LayerNormalization(),
        (16384, 1024),
        lambda torch: torch.nn.LayerNorm(1024),
    ),
    "MaxPooling2D 512x32x32x64": (
        lambda: nn.layers.MaxPooling2D(2),
        (512, 32, 32, 64),
        lambda torch: torch.nn.MaxPool2d(2),
    ),
    "Dropout 16384x1024": (lambda: nn.layers.Dropout(0.5), (16384, 1024), lambda torch: torch.nn.Dropout(0.5)),
    "Softmax 16384x1024": (lambda: nn.layers.Softmax(), (16384, 1024), lambda torch: torch.nn.Softmax(-1)),
    "Embedding 4096x64, 256 of 10000": (
        lambda: nn.layers.Embedding(10000, 256),
        (4096, 64),
        lambda torch: torch.nn.Embedding(10000, 256),
    ),
}
WHICH = "forward", "backward"


def _layer(machine: Machine, name: str, which: str) -> dict[str, Any]:
    """The calls of a layer's pass, as a training step has them."""
    make, shape, module = LAYERS[name]
    device, torch = machine.device(), machine.torch
    model = nn.Sequential([make()])
    model.build(shape[1:], device=device)
    network = model._built("bench")
    steps = Steps(network, MeanSquaredError())
    integers = network.index_limit is not None
    mode = Mode(training=True, loss=True, gradients=True) if integers else PASSES
    step = steps.step(mode, shape[0])
    x = np.random.default_rng(0).integers(0, 10000, shape) if integers else normal(*shape)
    step.x[...] = x
    step.run()
    calls, owner = step.program.calls, model.layers[0].name
    end = max(k for k, call in enumerate(calls) if call.owner == "loss")
    part = calls[:end] if which == "forward" else calls[end:]
    bound = [call.kernel.bind(*call.arguments) for call in part if call.owner == owner]
    size = int(np.prod(step.x.shape)) + int(np.prod(step.y.shape))
    moved = 4 * (size if which == "forward" else size + int(np.prod(step.x.shape)))
    peers = {"PyTorch": _torch_pass(machine, module(torch), x, which)} if torch else {}
    return {"work": moved * 1e-3, "unit": "GB/s", **kernel_times(machine, bound, peers)}


def _torch_pass(machine: Machine, module: Any, x: Any, which: str) -> Callable[[], Any]:
    torch, module = machine.torch, module.cuda()
    tx = torch.tensor(x, device="cuda")
    if tx.ndim == 4:
        tx = tx.permute(0, 3, 1, 2)
        module = module.to(memory_format=torch.channels_last)
    if tx.is_floating_point():
        tx.requires_grad_()
    if which == "forward":
        return lambda: module(tx)
    machine.beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(machine.beside):
        y = module(tx)
    dy = torch.randn_like(y)
    wanted = [t for t in (tx, *module.parameters()) if t.requires_grad]
    return lambda: torch.autograd.grad(y, wanted, dy, retain_graph=True)
