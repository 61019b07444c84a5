"""The references of the recurrent kernels: against PyTorch, and against differences of every element."""

from dataclasses import replace

import numpy as np
import pytest

from numbanet.kernels._gates import NAMES
from numbanet.kernels.gru import reference as gru
from numbanet.kernels.lstm import reference as lstm
from tests.kernels.recurrent_cells import CELLS, HOLES, Problem, backward, both_ways, draw, empty, every_cell, forward
from tests.oracles import assert_agrees, assert_gradient

# every activation as tau, and as sigma where the cell has one
CHOICES = [(cell, name, "sigmoid") for cell in CELLS for name in NAMES]
CHOICES += [(cell, "tanh", name) for cell in CELLS if cell != "simple_rnn" for name in NAMES if name != "sigmoid"]
every_choice = pytest.mark.parametrize(("cell", "tau", "sigma"), CHOICES)
STEP = 1e-4  # of the differences: with these inputs no kink of an activation lies within it


def problem(cell, back=0, tau="tanh", sigma="sigmoid", shape=(4, 4, 2, 3), masked=True):
    """Random inputs; masked, with steps left out and units dropped."""
    (N, T, _, H), random = shape, np.random.default_rng([*shape[:2], back, CELLS.index(cell)])
    inputs = draw(cell, random, shape)
    inputs["x"] *= 3.0  # beyond the ends of hard_sigmoid
    keep = random.choice([0.0, 1.0 / 0.6], (N, H), p=[0.4, 0.6])
    dh = random.uniform(-1.0, 1.0, (N, T, H))
    mask, keep = (HOLES, keep) if masked else (np.ones((N, T)), np.zeros((N, 0)))
    return Problem(cell, inputs, dh, mask, keep, back, tau, sigma)


@both_ways
@every_choice
def test_reference_is_the_gradient(cell, tau, sigma, back):
    p = problem(cell, back, tau, sigma)

    def loss():
        return float((p.outputs(forward(p)["h"]) * p.dh).sum())

    found = backward(p, forward(p))
    for name, values in p.inputs.items():
        assert_gradient(found[name], loss, values, STEP)


def of_torch(p):
    """h, c and the gradients from torch's own layer, for what has no masks."""
    torch = pytest.importorskip("torch")
    make, order, names = {
        "simple_rnn": (torch.nn.RNN, [0], ["h0"]),
        "lstm": (torch.nn.LSTM, [0, 1, 2, 3], ["h0", "c0"]),
        "gru": (torch.nn.GRU, [1, 0, 2], ["h0"]),
    }[p.cell]
    I = p.inputs["x"].shape[2]

    def reorder(a):  # the parts of the last axis; its own inverse
        parts = a.reshape(*a.shape[:-1], len(order), p.units)
        return parts[..., order, :].reshape(a.shape)

    layer = make(I, p.units, batch_first=True, dtype=torch.float64)
    b = p.inputs["b"] if p.cell == "gru" else np.stack([p.inputs["b"], np.zeros_like(p.inputs["b"])])
    values = {"weight_ih_l0": p.inputs["w"], "weight_hh_l0": p.inputs["u"], "bias_ih_l0": b[0], "bias_hh_l0": b[1]}
    layer.load_state_dict({name: torch.tensor(reorder(a).T) for name, a in values.items()})
    x, *states = (torch.tensor(p.inputs[name], requires_grad=True) for name in ["x", *names])
    start = tuple(state[None] for state in states)
    h, last = layer(x.flip(1) if p.back else x, start if len(start) == 2 else start[0])
    h = h.flip(1) if p.back else h
    (h * torch.tensor(p.dh)).sum().backward()
    of = {name: reorder(parameter.grad.numpy().T) for name, parameter in layer.named_parameters()}
    gradients = {"x": x, **dict(zip(names, states, strict=True))}
    gradients = {name: tensor.grad.numpy() for name, tensor in gradients.items()}
    gradients |= {"w": of["weight_ih_l0"], "u": of["weight_hh_l0"], "b": of["bias_ih_l0"]}
    if p.cell == "gru":
        gradients["b"] = np.stack([of["bias_ih_l0"], of["bias_hh_l0"]])
    return h.detach().numpy(), last[1][0].detach().numpy() if p.cell == "lstm" else None, gradients


@both_ways
@pytest.mark.parametrize("T", [1, 2, 17])
@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
def test_reference_agrees_with_the_layers_of_torch(cell, T, back):
    p = problem(cell, back, shape=(5, T, 4, 6), masked=False)
    saved = forward(p)
    found = backward(p, saved)
    h, c, expected = of_torch(p)
    assert_agrees(p.outputs(saved["h"]), h, 1e-10)
    if c is not None:
        assert_agrees(saved["c"][:, 0 if back else T], c, 1e-10)
    assert found.keys() == expected.keys()
    for name in found:
        assert_agrees(found[name], expected[name], 1e-10)


def written_out(p):
    """h and the gradients by torch's automatic differentiation, from cells written as Keras writes them."""
    torch = pytest.importorskip("torch")
    functions = vars(torch.nn.functional) | {name: getattr(torch, name) for name in ("tanh", "sigmoid")}
    # torch's own hardsigmoid has 1/6 in float32 for its slope
    functions |= {"linear": lambda x: x, "hard_sigmoid": lambda x: torch.clamp(x + 3.0, 0.0, 6.0) / 6.0}
    tau, sigma = functions[p.tau], functions[p.sigma]
    t = {name: torch.tensor(values, requires_grad=True) for name, values in p.inputs.items()}
    x, w, u, b, h, c = *(t[name] for name in ("x", "w", "u", "b", "h0")), t.get("c0")
    keep = torch.tensor(p.keep) if p.keep.size else torch.ones(h.shape, dtype=h.dtype)
    T = x.shape[1]
    outputs = [None] * T
    for step in range(T):
        s = T - 1 - step if p.back else step
        if p.cut and step % p.cut == 0:
            h, c = h.detach(), c if c is None else c.detach()
        kept, taken = h * keep, torch.tensor(p.mask[:, s, None] != 0.0)
        b0, b1 = b if p.cell == "gru" else (b, 0.0)
        a, e = (y.split(p.units, dim=1) for y in (x[:, s] @ w + b0, kept @ u + b1))
        if p.cell == "simple_rnn":
            new = tau(a[0] + e[0])
        elif p.cell == "lstm":
            inward, forget, output = (sigma(a[k] + e[k]) for k in (0, 1, 3))
            carried = forget * c + inward * tau(a[2] + e[2])
            new, c = output * tau(carried), torch.where(taken, carried, c)
        else:
            update, reset = (sigma(a[k] + e[k]) for k in (0, 1))
            inner = reset * e[2] if p.cell == "gru" else (reset * kept) @ u[:, 2 * p.units :]
            new = update * h + (1.0 - update) * tau(a[2] + inner)
        h = outputs[s] = torch.where(taken, new, h)
    h = torch.stack(outputs, 1)
    (h * torch.tensor(p.dh)).sum().backward()
    return h.detach().numpy(), {n: np.zeros(a.shape) if a.grad is None else a.grad.numpy() for n, a in t.items()}


@both_ways
@pytest.mark.parametrize("masked", [False, True])
@every_choice
def test_reference_agrees_with_the_cells_written_out(cell, tau, sigma, masked, back):
    p = problem(cell, back, tau, sigma, masked=masked)
    saved = forward(p)
    found = backward(p, saved)
    h, expected = written_out(p)
    assert_agrees(p.outputs(saved["h"]), h, 1e-10)
    assert found.keys() == expected.keys()
    for name in found:
        assert_agrees(found[name], expected[name], 1e-10)


@both_ways
@pytest.mark.parametrize("cut", [1, 2, 3, 40])
@every_cell
def test_gradients_stop_where_a_piece_begins(cell, cut, back):
    p = replace(problem(cell, back), cut=cut)
    found, (_, expected) = backward(p, forward(p)), written_out(p)
    for name in found:
        assert_agrees(found[name], expected[name], 1e-10)
    assert not found["h0"].any()


@both_ways
@pytest.mark.parametrize("cut", [0, 3])
@every_cell
def test_a_gradient_of_the_last_state_alone(cell, cut, back):
    p = replace(problem(cell, back), cut=cut)
    saved, last = forward(p), slice(0, 1) if back else slice(-1, None)
    whole = np.zeros_like(p.dh)
    whole[:, last] = p.dh[:, last]
    found, expected = (backward(replace(p, dh=dh), saved) for dh in (p.dh[:, last].copy(), whole))
    for name in found:
        np.testing.assert_array_equal(found[name], expected[name])
    assert found["u"].any()


@both_ways
@every_cell
def test_what_stands_at_masked_steps_changes_nothing(cell, back):
    p = problem(cell, back)
    results = []
    for filler in (0.0, np.nan):
        x = np.where(p.mask[:, :, None] == 0.0, filler, p.inputs["x"])
        q = replace(p, inputs=p.inputs | {"x": x})
        saved = forward(q)
        results.append(saved | {f"d{name}": values for name, values in backward(q, saved).items()})
    for name, values in results[0].items():
        np.testing.assert_array_equal(results[1][name], values, err_msg=name)
    out = p.mask == 0.0
    for name in results[0].keys() & {"z", "v"}:
        assert np.isnan(results[0][name][out]).all()  # not written
        assert not np.isnan(results[0][name][~out]).any()
    assert not results[0]["dx"][out].any()
    for name in results[0].keys() & {"h", "c"}:  # of the row that is left out altogether
        np.testing.assert_array_equal(results[0][name][1], np.broadcast_to(p.inputs[f"{name}0"][1], (5, 3)))
    np.testing.assert_allclose(results[0]["dh0"][1], p.dh[1].sum(axis=0), rtol=1e-15)


@both_ways
@pytest.mark.parametrize("cell", ["lstm", "gru_reset_before"])
def test_gradients_may_take_the_place_of_the_gates(cell, back):
    p = problem(cell, back)
    saved = forward(p)
    given, g, c0 = (p.dh, p.inputs["u"], p.mask, p.keep, p.setting), empty(4, 3), [empty(4, 3)]
    kernel, state, more = (lstm.backward, "c", c0) if cell == "lstm" else (gru.backward_reset_before, "h", [])
    apart, within = empty(*saved["z"].shape), saved["z"].copy()
    kernel(*given, saved["z"], saved[state], apart, g, *more)
    kernel(*given, within, saved[state], within, g, *more)
    np.testing.assert_array_equal(within, apart)
