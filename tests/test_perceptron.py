import numpy as np
import pytest

from numbanet import Perceptron
from numbanet.errors import DeviceError, StateError

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
DEVICES = ("cpu", "reference")
LINEAR = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "nand": [1, 1, 1, 0], "nor": [1, 0, 0, 0], "first": [0, 0, 1, 1]}
OTHERS = {"xor": [0, 1, 1, 0], "xnor": [1, 0, 0, 1]}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("rate", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("name", LINEAR)
def test_it_learns_what_a_line_parts(name, rate, device):
    p = Perceptron(rate, device)
    assert p.fit(CORNERS, LINEAR[name]) is p
    assert p.converged
    assert p.mistakes[-1] == 0
    assert all(p.mistakes[:-1])
    found = p.predict(CORNERS)
    assert found.dtype == np.int64
    assert found.tolist() == LINEAR[name]
    assert repr(p) == f"Perceptron(learning_rate={rate}), converged"


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", OTHERS)
def test_it_says_so_where_no_line_can(name, device):
    p = Perceptron(device=device).fit(CORNERS, OTHERS[name], epochs=30)
    assert not p.converged
    assert len(p.mistakes) == 30
    assert all(p.mistakes)
    assert p.predict(CORNERS).tolist() != OTHERS[name]
    assert repr(p) == "Perceptron(learning_rate=1.0), did not converge in 30 epochs"


def test_the_rule_is_rosenblatts():
    random = np.random.default_rng(0)
    x, t = random.standard_normal((30, 4)), random.integers(0, 2, 30)
    p = Perceptron(0.5).fit(x, t, epochs=3)
    w, b, mistakes = np.zeros(4), 0.0, []
    for _ in range(3):
        mistakes.append(0)
        for row, target in zip(x, t, strict=True):
            error = target - int(row @ w + b >= 0)
            w, b = w + 0.5 * error * row, b + 0.5 * error
            mistakes[-1] += abs(error)
    assert p.mistakes == mistakes
    assert np.allclose(p.weights, w, rtol=1e-12)
    assert np.allclose(p.bias, b, rtol=1e-12)
    assert p.predict(x).tolist() == (x @ w + b >= 0).astype(int).tolist()


def test_devices_agree_to_the_bit():
    random = np.random.default_rng(1)
    x = random.integers(-3, 4, (50, 3))
    found = [Perceptron(1.0, device).fit(x, (x[:, 0] > x[:, 1]).astype(int), epochs=9) for device in DEVICES]
    assert np.array_equal(found[0].weights, found[1].weights)
    assert found[0].mistakes == found[1].mistakes


def test_fit_begins_anew():
    p = Perceptron().fit(CORNERS, OTHERS["xor"], epochs=5)
    p.fit(CORNERS, LINEAR["or"])
    fresh = Perceptron().fit(CORNERS, LINEAR["or"])
    assert np.array_equal(p.weights, fresh.weights)
    assert p.mistakes == fresh.mistakes


def test_before_training():
    p = Perceptron(2)
    assert repr(p) == "Perceptron(learning_rate=2.0), not trained"
    assert not p.converged
    with pytest.raises(StateError, match="fit first"):
        p.predict(CORNERS)
    with pytest.raises(DeviceError, match="cpu, cuda, reference"):
        Perceptron(device="gpu")
