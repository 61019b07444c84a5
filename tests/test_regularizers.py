import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, regularizers
from numbanet.regularizers import get

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.standard_normal((7, 4)), RANDOM.standard_normal((7, 3))

# what is given, and the l1 and l2 it means
FORMS = [
    ("l1", 0.01, 0.0),
    ("l2", 0.0, 0.01),
    ("l1_l2", 0.01, 0.01),
    (regularizers.L1(0.3), 0.3, 0.0),
    (regularizers.L2(0.2), 0.0, 0.2),
    (regularizers.L1L2(0.3, 0.2), 0.3, 0.2),
    (regularizers.l1(0.3), 0.3, 0.0),
    (regularizers.l2(0.2), 0.0, 0.2),
    (regularizers.l1_l2(l2=0.2), 0.01, 0.2),
    ({"class_name": "L1", "config": {"l1": 0.5}}, 0.5, 0.0),
    ({"class_name": "L1L2", "config": {"l1": 0.5, "l2": 0.25}}, 0.5, 0.25),
    (regularizers.L1(0.0), 0.0, 0.0),
]


def model(kernel=None, bias=None, device="cpu"):
    first = layers.Dense(5, "tanh", kernel_regularizer=kernel, bias_regularizer=bias, bias_initializer="ones")
    m = nn.Sequential([first, layers.Dense(3)], seed=1)
    m.build((4,), device, "float64")
    m.compile("sgd", "mse")
    weights = m.get_weights()
    weights[0][1, 2] = weights[1][3] = 0.0
    m.set_weights(weights)
    return m


def penalty(w, l1, l2):
    return l1 * np.abs(w).sum() + l2 * (w**2).sum()


@pytest.mark.parametrize(("given", "l1", "l2"), FORMS)
@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_penalty_and_gradient(given, l1, l2, device):
    without = model(device=device)
    weights = without.get_weights()
    loss, gradients = without.gradients(X, Y)
    for position in (0, 1):
        m = model(*[given if k == position else None for k in range(2)], device=device)
        found, changed = m.gradients(X, Y)
        w = weights[position]
        assert found == pytest.approx(loss + penalty(w, l1, l2), rel=1e-14)
        for k, (a, b) in enumerate(zip(changed, gradients, strict=True)):
            expected = b + (2 * l2 * w + l1 * np.sign(w) if k == position else 0.0)
            np.testing.assert_allclose(a, expected, rtol=1e-13, atol=1e-15)


def test_the_loss_that_is_reported_has_the_penalties():
    m = model("l1_l2", regularizers.L2(0.5))
    w = m.get_weights()
    expected = model().evaluate(X, Y)["loss"] + penalty(w[0], 0.01, 0.01) + penalty(w[1], 0.0, 0.5)
    assert m.evaluate(X, Y)["loss"] == pytest.approx(expected, rel=1e-14)
    assert m.evaluate(X, Y, batch_size=3)["loss"] == pytest.approx(expected, rel=1e-14)
    assert m.loss_value(X, Y) == pytest.approx(expected, rel=1e-14)
    assert m.train_on_batch(X, Y) == pytest.approx(expected, rel=1e-14)


def test_the_penalty_does_not_depend_on_weights_of_samples():
    sample_weight = np.zeros(7)
    m = model("l1_l2")
    assert m.loss_value(X, Y, sample_weight) == pytest.approx(penalty(m.get_weights()[0], 0.01, 0.01), rel=1e-14)


def test_l1_makes_weights_small_and_l2_shrinks_them():
    for given in (regularizers.L1(0.5), regularizers.L2(0.5)):
        m, start = model(given), np.abs(model().get_weights()[0]).sum()
        m.compile(nn.optimizers.SGD(0.02), "mse")
        for _ in range(200):
            m.train_on_batch(X, Y)
        assert np.abs(m.get_weights()[0]).sum() < 0.1 * start


@pytest.mark.parametrize(("given", "l1", "l2"), FORMS)
def test_what_is_given_and_back(given, l1, l2):
    r = get("Dense", "kernel_regularizer", given)
    assert (r.l1, r.l2) == (l1, l2)
    again = type(r)(**r.get_config())
    assert again.get_config() == r.get_config()
    assert (again.l1, again.l2) == (l1, l2)
    assert repr(eval(repr(r), vars(regularizers))) == repr(r)


def test_none_and_nonsense():
    assert get("Dense", "kernel_regularizer", None) is None
    for bad in ("l3", 0.1, regularizers.L1, {"class_name": "L9", "config": {}}):
        with pytest.raises(nn.errors.ArgumentError, match="kernel_regularizer"):
            get("Dense", "kernel_regularizer", bad)
    for bad in (-1, float("nan"), "0.1", None, True):
        for make in (regularizers.L1, regularizers.L2, regularizers.L1L2, regularizers.l1, regularizers.l2):
            with pytest.raises(nn.errors.ArgumentError, match=r"l[12] must be"):
                make(bad)
