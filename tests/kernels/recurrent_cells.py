"""The recurrent kernels with all that belongs to them, of any device: what their tests run."""

from dataclasses import dataclass

import numpy as np
import pytest

from numbanet.kernels import dense, gru, lstm, simple_rnn, time_sum
from numbanet.kernels._gates import NAMES
from tests.oracles import device_module

PARTS = {"simple_rnn": 1, "lstm": 4, "gru": 3, "gru_reset_before": 3}
CELLS = sorted(PARTS)
every_cell = pytest.mark.parametrize("cell", CELLS)
both_ways = pytest.mark.parametrize("back", [0, 1], ids=["forwards", "backwards"])
HOLES = np.array([[1.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 2.0, 0.0], [1.0, 1.0, 0.0, 0.0]])


@dataclass(frozen=True)
class Problem:
    """A cell, its inputs by name, the gradient of its outputs, and its choices."""

    cell: str
    inputs: dict
    dh: np.ndarray
    mask: np.ndarray
    keep: np.ndarray
    back: int = 0
    tau: str = "tanh"
    sigma: str = "sigmoid"
    cut: int = 0

    @property
    def units(self):
        return self.dh.shape[2]

    @property
    def setting(self):
        choices = (self.tau,) if self.cell == "simple_rnn" else (self.tau, self.sigma)
        return (self.back, self.cut, *map(NAMES.index, choices))

    def outputs(self, states):
        """The states after the steps, in the order of input time."""
        return states[:, :-1] if self.back else states[:, 1:]


def draw(cell, random, shape):
    """Random inputs of a cell, by name."""
    N, T, I, H = shape
    O = PARTS[cell] * H
    shapes = {"x": (N, T, I), "w": (I, O), "u": (H, O), "b": (2, O) if cell == "gru" else (O,), "h0": (N, H)}
    if cell == "lstm":
        shapes["c0"] = (N, H)
    return {name: random.uniform(-1.0, 1.0, shape) for name, shape in shapes.items()}


def empty(*shape, dtype="float64"):
    return np.full(shape, np.nan, dtype)


def forward(p, device="reference"):
    """What the kernel of the cell wrote, by name; h and c with the initial state."""
    x, w, u, b = (p.inputs[name] for name in "xwub")
    (N, T, _), H, O = x.shape, p.units, w.shape[1]
    shapes = {"z": (N, T, O), "v": (N, T, H), "c": (N, T + 1, H), "h": (N, T + 1, H)}
    saved = {name: empty(*shape, dtype=x.dtype) for name, shape in shapes.items()}
    for name in "hc":
        saved[name][:, T if p.back else 0] = p.inputs.get(f"{name}0", 0.0)
    operation, loop, written = {
        "simple_rnn": (simple_rnn, "forward", "h"),
        "lstm": (lstm, "forward", "zch"),
        "gru": (gru, "forward", "zvh"),
        "gru_reset_before": (gru, "forward_reset_before", "zvh"),
    }[p.cell]
    kernel = getattr(device_module(operation, device), loop)
    kernel(x, w, u, b, p.mask, p.keep, p.setting, *(saved[name] for name in written))
    return {name: saved[name] for name in written}


def backward_loop(p, saved, device="reference", within=False):
    """The kernel of the cell alone: dz of the products with w and of those with u, and the gradients of the states.

    within: dz takes the place of a copy of z, where the contract allows it.
    """
    (N, T), O = p.mask.shape, p.inputs["u"].shape[1]
    g = {name: empty(*p.inputs[name].shape, dtype=p.dh.dtype) for name in ("h0", "c0") if name in p.inputs}
    given, dz = (p.dh, p.inputs["u"], p.mask, p.keep, p.setting), empty(2, N, T, O, dtype=p.dh.dtype)
    loops = device_module({"simple_rnn": simple_rnn, "lstm": lstm}.get(p.cell, gru), device)
    if p.cell == "gru":
        loops.backward(*given, saved["z"], saved["v"], saved["h"], dz, g["h0"])
    elif p.cell == "simple_rnn":
        loops.backward(*given, saved["h"], dz[0], g["h0"])
    else:
        z = saved["z"].copy()
        out = z if within else dz[0]
        if p.cell == "lstm":
            loops.backward(*given, z, saved["c"], out, g["h0"], g["c0"])
        else:
            loops.backward_reset_before(*given, z, saved["h"], out, g["h0"])
        dz[0] = out
    if p.cell != "gru":
        dz[1] = dz[0]
    return dz, g


def backward(p, saved, device="reference", within=False):
    """The gradients of all inputs, by their names."""
    x, w = p.inputs["x"], p.inputs["w"]
    (N, T, I), H, O = x.shape, p.units, w.shape[1]
    dz, g = backward_loop(p, saved, device, within)
    g = {name: g.get(name, empty(*values.shape, dtype=x.dtype)) for name, values in p.inputs.items()}
    rows, none = dz.reshape(2, N * T, O), np.zeros((N, 0), x.dtype)
    sums, products = device_module(time_sum, device).backward_kernel, device_module(dense, device)
    sums(dz[0], x, p.mask, none, 0, (0, O), g["w"])
    gates = 2 * H if p.cell == "gru_reset_before" else O
    sums(dz[1], saved["h"], p.mask, p.keep, p.back, (0, gates), g["u"])
    if gates < O:
        sums(dz[1], saved["v"], p.mask, none, 0, (gates, O), g["u"])
    for side, db in enumerate(g["b"].reshape(-1, O)):
        products.backward_bias(rows[side], db)
    products.backward_input(rows[0], w, g["x"].reshape(N * T, I))
    return g
