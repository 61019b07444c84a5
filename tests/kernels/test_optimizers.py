"""Every kernel that changes weights: sgd, adagrad, rmsprop, adam, lion, weight_decay and the counter."""

import math

import numpy as np
import pytest

from numbanet.kernels import adagrad, adam, counter, lion, rmsprop, sgd, weight_decay
from numbanet.kernels._chunks import CHUNK
from numbanet.kernels._kernel import Executor
from tests.oracles import DTYPES, assert_agrees, device_module

DEVICES = ("reference", "cpu")
UPDATES = [
    (sgd, "update"),
    (sgd, "update_momentum"),
    (sgd, "update_nesterov"),
    (adagrad, "update"),
    (rmsprop, "update"),
    (rmsprop, "update_momentum"),
    (rmsprop, "update_centered"),
    (rmsprop, "update_centered_momentum"),
    (adam, "update"),
    (adam, "update_amsgrad"),
    (lion, "update"),
]
UNCENTERED = [(package, name) for package, name in UPDATES if "centered" not in name]  # those subtract inf from inf
ALL = [*UPDATES, (weight_decay, "apply")]
HYPERPARAMETERS = {"momentum": 0.9, "rho": 0.8, "beta_1": 0.85, "beta_2": 0.99, "epsilon": 1e-3, "decay": 0.1}
SIGNED = ("g", "m", "v", "mean")  # the other moments hold sums or means of squares
RATE = 0.01
EPSILON = np.finfo("float32").eps


def names(operations):
    return [f"{package.__name__.split('.')[-1]}.{name}" for package, name in operations]


def kernel_of(package, name, device):
    return getattr(device_module(package, device), name)


def starts(kernel, size, dtype="float64"):
    """Arguments by name: random gradients and weights, and moments as after some steps."""
    random = np.random.default_rng(size)
    squares = kernel.name.split(".")[-3] == "adam"  # whose v is a mean of squares, not a velocity
    arguments = {}
    for name in kernel.parameters:
        if name == "learning_rate":
            arguments[name] = np.array([RATE])
        elif name == "iteration":
            arguments[name] = np.array([4])
        elif name in HYPERPARAMETERS:
            arguments[name] = HYPERPARAMETERS[name]
        elif name in SIGNED and not (squares and name == "v"):
            arguments[name] = random.uniform(-1, 1, size).astype(dtype)
        else:
            arguments[name] = random.uniform(1.5, 2.5, size).astype(
                dtype
            )  # w too: a step that cancels it tests nothing
    return arguments


def zeros(kernel, g, w):
    """Arguments by name at the start of training."""
    arguments = starts(kernel, w.size, w.dtype)
    for value in arguments.values():
        if isinstance(value, np.ndarray):
            value[:] = 0
    return arguments | {"g": g, "w": w, "learning_rate": np.array([RATE])}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 131, pytest.param(2 * CHUNK + 131, marks=pytest.mark.compiled)])
@pytest.mark.parametrize(("package", "name"), ALL, ids=names(ALL))
def test_cpu_agrees_with_the_reference(package, name, size, dtype):
    kernel = kernel_of(package, name, "cpu")
    before = starts(kernel, size, dtype)
    found = {name: np.copy(value) if isinstance(value, np.ndarray) else value for name, value in before.items()}
    expected = {
        name: value.astype("float64") if name not in ("learning_rate", "iteration", *HYPERPARAMETERS) else value
        for name, value in before.items()
    }
    kernel(*found.values())
    kernel_of(package, name, "reference")(*expected.values())
    inputs = ("g", "learning_rate", "iteration", *HYPERPARAMETERS)
    for argument, value in found.items():
        if argument in inputs:
            assert np.array_equal(value, before[argument]), argument
            continue
        assert_agrees(value, expected[argument])
        if argument != "highest":
            assert np.mean(value != before[argument]) > 0.9, argument
    # the step alone: w, which may be a hundred times larger, adds its own rounding
    step = expected["w"] - before["w"]
    rounding = max(np.abs(expected["w"]).max(), np.abs(before["w"]).max()) / np.abs(step).max()
    assert_agrees(found["w"].astype("float64") - before["w"], step, 4e-6 + 2 * EPSILON * rounding)


# PyTorch over ten steps. The gradient depends on the weights, so that one wrong step makes the next ones wrong.

STEPS, SIZE = 10, 37
PEERS = [
    (sgd, "update", "SGD", {}, {}),
    (sgd, "update_momentum", "SGD", {"momentum": 0.9}, {}),
    (sgd, "update_nesterov", "SGD", {"momentum": 0.9, "nesterov": True}, {}),
    (adagrad, "update", "Adagrad", {"eps": 1e-3}, {}),
    (adagrad, "update", "Adagrad", {"eps": 1e-3, "initial_accumulator_value": 0.1}, {"h": 0.1}),
    (rmsprop, "update", "RMSprop", {"alpha": 0.8, "eps": 1e-3}, {}),
    (rmsprop, "update_momentum", "RMSprop", {"alpha": 0.8, "eps": 1e-3, "momentum": 0.9}, {}),
    (rmsprop, "update_centered", "RMSprop", {"alpha": 0.8, "eps": 1e-3, "centered": True}, {}),
    (
        rmsprop,
        "update_centered_momentum",
        "RMSprop",
        {"alpha": 0.8, "eps": 1e-3, "centered": True, "momentum": 0.9},
        {},
    ),
    (adam, "update", "Adam", {"betas": (0.85, 0.99), "eps": 1e-3}, {}),
    (adam, "update_amsgrad", "Adam", {"betas": (0.85, 0.99), "eps": 1e-3, "amsgrad": True}, {}),
    (adam, "update", "AdamW", {"betas": (0.85, 0.99), "eps": 1e-3, "weight_decay": 0.1}, {}),
    (adam, "update_amsgrad", "AdamW", {"betas": (0.85, 0.99), "eps": 1e-3, "weight_decay": 0.1, "amsgrad": True}, {}),
]


def problem():
    random = np.random.default_rng(0)
    noise = random.standard_normal((STEPS, SIZE)) * np.linspace(2, 0.1, STEPS)[:, None]
    return random.standard_normal(SIZE), lambda step, w: np.cos(3 * w) + noise[step]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("package", "name", "peer", "options", "start"), PEERS)
def test_ten_steps_are_those_of_torch(package, name, peer, options, start, device):
    torch = pytest.importorskip("torch")
    w, gradient = problem()
    parameter = torch.nn.Parameter(torch.tensor(w))
    optimizer = getattr(torch.optim, peer)([parameter], lr=RATE, **options)
    kernel = kernel_of(package, name, device)
    arguments = zeros(kernel, np.empty_like(w), w)
    for argument, value in start.items():
        arguments[argument][:] = value
    for step in range(STEPS):
        parameter.grad = torch.tensor(gradient(step, parameter.detach().numpy()))
        optimizer.step()
        arguments["g"][:] = gradient(step, w)
        if peer == "AdamW":
            kernel_of(weight_decay, "apply", device)(arguments["learning_rate"], 0.1, w)
        kernel(*arguments.values())
        if "iteration" in arguments:
            kernel_of(counter, "advance", device)(1, arguments["iteration"])
        assert_agrees(w, parameter.detach().numpy(), 1e-10)


@pytest.mark.parametrize("device", DEVICES)
def test_ten_steps_of_lion_are_its_algorithm(device):
    w, gradient = problem()
    kernel = kernel_of(lion, "update", device)
    arguments = zeros(kernel, np.empty_like(w), w)
    arguments["g"][:] = 0
    expected, m = w.copy(), np.zeros(SIZE)
    beta_1, beta_2 = arguments["beta_1"], arguments["beta_2"]
    for step in range(STEPS):
        g = gradient(step, expected)
        g[0] = 0
        expected -= RATE * np.sign(beta_1 * m + (1 - beta_1) * g)
        m = beta_2 * m + (1 - beta_2) * g
        arguments["g"][1:] = gradient(step, w)[1:]
        kernel(*arguments.values())
        assert_agrees(w, expected, 1e-10)
        assert_agrees(arguments["m"], m, 1e-10)
    assert w[0] == problem()[0][0]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("package", "name"), ALL, ids=names(ALL))
def test_nan_stays_where_it_is_and_is_seen(package, name, device):
    kernel = kernel_of(package, name, device)
    arguments = starts(kernel, SIZE)
    source = arguments.get("g", arguments["w"])
    source[5] = np.nan
    with np.errstate(all="ignore"):
        kernel(*arguments.values())
    assert np.flatnonzero(np.isnan(arguments["w"])).tolist() == [5]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("package", "name"), UPDATES, ids=names(UPDATES))
def test_no_gradient_is_no_step(package, name, dtype, device):
    kernel = kernel_of(package, name, device)
    w = np.linspace(-1, 1, SIZE).astype(dtype)
    before = w.copy()
    kernel(*zeros(kernel, np.zeros_like(w), w).values())
    assert np.array_equal(w, before)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("size", [1e-15, 1e15])
@pytest.mark.parametrize(("package", "name"), [(adam, "update"), (adam, "update_amsgrad"), (lion, "update")])
def test_the_first_step_is_the_learning_rate_at_any_scale(package, name, size, device):
    kernel = kernel_of(package, name, device)
    sign = np.where(np.arange(SIZE) % 2, 1, -1).astype("float32")
    w = np.zeros(SIZE, "float32")
    arguments = zeros(kernel, sign * np.float32(size), w)
    if "epsilon" in arguments:
        arguments["epsilon"] = 0.0
    kernel(*arguments.values())
    np.testing.assert_allclose(w, -RATE * sign, rtol=2e-6)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("package", "name"), UNCENTERED, ids=names(UNCENTERED))
def test_squares_that_overflow_make_no_nan(package, name, device):
    kernel = kernel_of(package, name, device)
    w = np.zeros(SIZE, "float32")
    with np.errstate(all="ignore"):
        kernel(*zeros(kernel, np.full(SIZE, 3e38, "float32"), w).values())
    assert np.isfinite(w).all()


@pytest.mark.parametrize("device", DEVICES)
def test_adams_bias_correction_fades(device):
    kernel = kernel_of(adam, "update", device)
    arguments = starts(kernel, SIZE)
    m = arguments["beta_1"] * arguments["m"] + (1 - arguments["beta_1"]) * arguments["g"]
    v = arguments["beta_2"] * arguments["v"] + (1 - arguments["beta_2"]) * arguments["g"] ** 2
    expected = arguments["w"] - RATE * m / (np.sqrt(v) + arguments["epsilon"])
    arguments["iteration"][0] = 2**40
    kernel(*arguments.values())
    assert_agrees(arguments["w"], expected, 1e-12)


@pytest.mark.parametrize("device", DEVICES)
def test_amsgrad_never_forgets_its_highest(device):
    kernel = kernel_of(adam, "update_amsgrad", device)
    arguments = starts(kernel, 3)
    arguments["g"][:] = 0
    v = 0.99 * np.array([1.0, 2.0, 3.0])
    arguments["v"][:] = [1.0, 2.0, 3.0]
    arguments["highest"][:] = [5.0, v[1], 1.0]  # above, a tie, below
    kernel(*arguments.values())
    np.testing.assert_allclose(arguments["highest"], [5.0, v[1], v[2]], rtol=1e-15)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", ["update_centered", "update_centered_momentum"])
def test_a_variance_that_rounds_below_zero_is_zero(name, device):
    kernel = kernel_of(rmsprop, name, device)
    w = np.zeros(SIZE)
    arguments = zeros(kernel, np.ones(SIZE), w)
    arguments["s"][:], arguments["mean"][:] = 1 - 1e-6, 1
    kernel(*arguments.values())
    assert np.all(arguments["s"] < arguments["mean"] ** 2)
    np.testing.assert_allclose(w, -RATE / HYPERPARAMETERS["epsilon"])


@pytest.mark.parametrize("device", DEVICES)
def test_the_counter_counts(device):
    iteration = np.array([2**40])
    kernel_of(counter, "advance", device)(3, iteration)
    assert iteration.tolist() == [2**40 + 3]


@pytest.mark.parametrize("device", DEVICES)
def test_a_recorded_step_sees_its_count_and_its_rate(device):
    update, advance = kernel_of(adam, "update", device), kernel_of(counter, "advance", device)
    w, gradient = problem()
    g = gradient(0, w)
    called, recorded = zeros(update, g, w.copy()), zeros(update, g, w.copy())
    step = Executor([update.bind(*recorded.values()), advance.bind(1, recorded["iteration"])])
    for rate in (0.01, 0.02, 0.005):
        recorded["learning_rate"][0] = called["learning_rate"][0] = rate
        step.run()
        update(*called.values())
        called["iteration"][0] += 1
    assert recorded["iteration"].tolist() == [3]
    assert np.array_equal(recorded["w"], called["w"])
    # by hand: with a constant gradient m_hat = g and v_hat = g^2 at every step
    moved = math.fsum((0.01, 0.02, 0.005)) * g / (np.abs(g) + HYPERPARAMETERS["epsilon"])
    assert_agrees(w - recorded["w"], moved, 1e-10)


@pytest.mark.parametrize("device", DEVICES)
def test_decay_with_plain_sgd_is_the_l2_penalty(device):
    w, gradient = problem()
    g, rate = gradient(0, w), np.array([RATE])
    decayed, penalised = w.copy(), w.copy()
    kernel_of(weight_decay, "apply", device)(rate, 0.1, decayed)
    kernel_of(sgd, "update", device)(g, rate, decayed)
    kernel_of(sgd, "update", device)(g + 0.1 * w, rate, penalised)
    assert_agrees(decayed, penalised, 1e-12)
