"""Normalisation in models: training and inference, running statistics, weights, bits, and what is refused."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, ShapeError
from tests.models import refuses, same
from tests.oracles import assert_agrees

BATCH, LAYER, GROUP = layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization
every_layer = pytest.mark.parametrize("layer", [BATCH, LAYER, lambda **more: GROUP(1, **more)], ids=["b", "l", "g"])
SHAPE, EPSILON = (4, 3, 6), 1e-3


def data(n, shape=SHAPE, dtype="float32", seed=0):
    random = np.random.default_rng(seed)
    return (random.standard_normal((n, *shape)) * 2 + 1).astype(dtype), random.standard_normal((n, 2)).astype(dtype)


def model(*middle, shape=SHAPE, dtype="float32", optimizer="sgd", device="cpu"):
    m = nn.Sequential([*middle, layers.Flatten(), layers.Dense(2)], seed=3)
    m.build(shape, device, dtype)
    m.compile(optimizer, "mse")
    return m


def alone(layer, shape=SHAPE, dtype="float32"):
    m = nn.Sequential([layer])
    m.build(shape, dtype=dtype)
    m.compile(nn.optimizers.SGD(0.1), "mse")
    return m


def normal(x, axes):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + EPSILON)


# --- batch normalisation


def test_weights_have_keras_names_and_order():
    m = alone(BATCH())
    names = ["gamma", "beta", "moving_mean", "moving_variance"]
    assert m.weight_names == [f"batch_normalization/{name}" for name in names]
    assert [w.tolist() for w in m.get_weights()] == [[1] * 6, [0] * 6, [0] * 6, [1] * 6]
    assert alone(BATCH(center=False)).weight_names == [f"batch_normalization/{n}" for n in np.delete(names, 1)]
    assert alone(BATCH(scale=False, center=False)).count_params() == 12
    assert len(m.gradients(*data(3)[:1], np.zeros((3, *SHAPE), "float32"))[1]) == 2


def test_a_training_step_moves_the_running_statistics():
    m = alone(BATCH(momentum=0.8))
    mean, variance = np.zeros(6), np.ones(6)
    for step, n in enumerate((5, 1, 8)):
        x = data(n, seed=step)[0]
        m.train_on_batch(x, np.zeros_like(x))
        mean = 0.8 * mean + 0.2 * x.astype("float64").mean((0, 1, 2))
        variance = 0.8 * variance + 0.2 * x.astype("float64").var((0, 1, 2))
        assert_agrees(m.get_weights()[2], mean)
        assert_agrees(m.get_weights()[3], variance)


@pytest.mark.parametrize("shape", [(6,), (7, 6), SHAPE])
def test_training_normalises_by_the_batch_and_inference_by_what_was_running(shape):
    m = alone(BATCH(), shape)
    x = data(9, shape)[0]
    values = np.random.default_rng(1).standard_normal((4, 6)).astype("float32")
    values[3] = abs(values[3]) + 0.5
    gamma, beta, mean, variance = values
    m.set_weights(list(values))
    zeros = np.zeros_like(x)
    of_batch = gamma * normal(x.astype("float64"), tuple(range(len(shape)))) + beta
    of_running = gamma * (x - mean) / np.sqrt(variance + EPSILON) + beta
    assert_agrees(m.predict(x), of_running)
    assert m.loss_value(x, zeros) == pytest.approx(np.mean(of_running**2), rel=1e-5)
    assert m.evaluate(x, zeros, 4)["loss"] == pytest.approx(np.mean(of_running**2), rel=1e-5)
    assert m.loss_value(x, zeros, training=True) == pytest.approx(np.mean(of_batch**2), rel=1e-5)
    assert m.train_on_batch(x, zeros) == pytest.approx(np.mean(of_batch**2), rel=1e-5)


def test_looking_at_a_training_step_leaves_the_running_statistics():
    m = model(BATCH(), shape=(2, 3))
    x, y = data(7, (2, 3))
    m.train_on_batch(x, y)
    before = m.get_weights()
    first = m.gradients(x, y, training=True)
    m.input_gradient(x, y, training=True)
    m.loss_value(x, y, training=True)
    nn.check_gradients(m, x[:2], y[:2], verbose=False)
    m.predict(x)
    m.evaluate(x, y)
    assert same(m, before)
    assert m.gradients(x, y, training=True)[0] == first[0]
    m.train_on_batch(x, y)
    assert not np.array_equal(m.get_weights()[2], before[2])


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("options", [{}, {"center": False}, {"scale": False}, {"scale": False, "center": False}])
@pytest.mark.parametrize("shape", [(5,), (3, 2, 2)])
def test_gradients_of_batch_normalisation(shape, options, training):
    below = [layers.Dense(5)] if len(shape) == 1 else []
    m = model(*below, BATCH(**options), BATCH(**options), shape=shape)
    m.fit(*data(8, shape), verbose=0)
    assert nn.check_gradients(m, *data(4, shape), training=training, verbose=False)


def test_fit_then_evaluate():
    x, y = data(96)
    x = x * 10 + 500
    y = np.sign(x[:, 0, 0, :1] - 510) * np.ones((1, 2), "float32")
    m = model(BATCH(momentum=0.9), optimizer=nn.optimizers.Adam(0.02))
    history = m.fit(x, y, 32, 60, verbose=0).history
    assert history["loss"][-1] < 0.1 * history["loss"][0]
    assert m.evaluate(x, y)["loss"] < 0.1 * history["loss"][0]
    assert_agrees(m.get_weights()[2], x.mean((0, 1, 2), dtype="float64"), 1e-2)


def test_weights_restore_the_running_statistics():
    m, other = model(BATCH()), model(BATCH())
    x, y = data(20)
    m.fit(x, y, 8, 3, verbose=0)
    other.set_weights(m.get_weights())
    assert np.array_equal(m.predict(x), other.predict(x))
    assert m.evaluate(x, y) == other.evaluate(x, y)
    assert m.train_on_batch(x, y) == other.train_on_batch(x, y)
    assert same(m, other)


def test_agrees_with_torch():
    torch = pytest.importorskip("torch")
    m = nn.Sequential([layers.Dense(6, use_bias=False), BATCH(momentum=0.9), layers.Tanh(), layers.Dense(2)], seed=2)
    m.build((5,), dtype="float64")
    m.compile(nn.optimizers.SGD(0.1, momentum=0.9), "mse")
    w = [torch.tensor(a) for a in m.get_weights()]
    peer = torch.nn.Sequential(
        torch.nn.Linear(5, 6, bias=False), torch.nn.BatchNorm1d(6, EPSILON, 0.1), torch.nn.Tanh(), torch.nn.Linear(6, 2)
    ).double()
    values = (w[0].T, w[1], w[2], w[5].T, w[6])
    for parameter, value in zip(peer.parameters(), values, strict=True):
        parameter.data[:] = value
    optimizer = torch.optim.SGD(peer.parameters(), 0.1, 0.9)
    variance = np.ones(6)
    for step in range(5):
        x, y = data(16, (5,), "float64", step)
        before = peer[1].running_var.numpy().copy()
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(peer(torch.tensor(x)), torch.tensor(y))
        loss.backward()
        optimizer.step()
        assert m.train_on_batch(x, y) == pytest.approx(loss.item(), rel=1e-10)
        biased = (peer[1].running_var.numpy() - 0.9 * before) * 15 / 16
        variance = 0.9 * variance + biased
    found = m.get_weights()
    for a, b in zip([found[k] for k in (0, 1, 2, 5, 6)], peer.parameters(), strict=True):
        assert_agrees(a, b.detach().numpy().T, 1e-10)
    assert_agrees(found[3], peer[1].running_mean.numpy(), 1e-10)
    assert_agrees(found[4], variance, 1e-10)


@pytest.mark.parametrize("shape", [(1,), (4,)])
def test_a_batch_of_one_vector_becomes_beta(shape):
    m = alone(BATCH(beta_initializer=nn.initializers.Constant(3.0)), shape)
    x = data(1, shape)[0]
    assert m.train_on_batch(x, np.zeros_like(x)) == 9.0
    assert m.get_weights()[3] == pytest.approx(0.99)
    assert np.isfinite(m.predict(x)).all()
    assert abs(m.input_gradient(x, np.zeros_like(x), training=True)).max() < 1e-5


def test_constant_channels_and_far_ones():
    x = data(50)[0]
    x[..., 0], x[..., 1] = 7.0, np.round(x[..., 1], 2) + 1000
    m = alone(BATCH(momentum=0.0))
    m.train_on_batch(x, x)
    _, _, mean, variance = m.get_weights()
    assert (mean[0], variance[0]) == (7.0, 0.0)
    assert_agrees(variance, x.var((0, 1, 2), dtype="float64"))
    assert np.isfinite(m.predict(x)).all()


@pytest.mark.compiled
def test_bits_do_not_depend_on_threads():
    x, y = data(40, (16, 16, 6))
    results = []
    before = nn.get_num_threads()
    try:
        for threads in (1, 2):
            nn.set_num_threads(threads)
            m = model(BATCH(), LAYER(), GROUP(2), shape=(16, 16, 6))
            for _ in range(3):
                m.train_on_batch(x, y)
            results.append([*m.get_weights(), m.predict(x), m.input_gradient(x, y, training=True)])
    finally:
        nn.set_num_threads(before)
    assert same(*results)


def test_batch_normalisation_inside_a_residual_block():
    m = model(layers.Residual([BATCH(), layers.ReLU(), BATCH(scale=False)]), shape=(2, 3))
    x, y = data(9, (2, 3))
    m.train_on_batch(x, y)
    assert m.weight_names[2] == "residual/batch_normalization/moving_mean"
    assert_agrees(m.get_weights()[2], 0.01 * x.mean((0, 1), dtype="float64"))
    for training in (True, False):
        assert nn.check_gradients(m, x[:3], y[:3], training=training, verbose=False)


def test_summary_counts_what_is_fixed(capsys):
    model(BATCH()).summary()
    assert ", 12 fixed" in capsys.readouterr().out


# --- layer and group normalisation


@pytest.mark.parametrize("shape", [(6,), (7, 6), SHAPE])
def test_layer_normalisation_is_over_the_last_axis(shape):
    x = data(9, shape)[0]
    assert_agrees(alone(LAYER(), shape).predict(x), normal(x.astype("float64"), -1))


@pytest.mark.parametrize("groups", [1, 2, 3, 6, -1])
@pytest.mark.parametrize("shape", [(7, 6), SHAPE])
def test_group_normalisation_is_over_positions_and_a_group(shape, groups):
    x = data(9, shape)[0]
    G = 6 if groups == -1 else groups
    expected = normal(x.astype("float64").reshape(9, -1, G, 6 // G), (1, 3)).reshape(x.shape)
    assert_agrees(alone(GROUP(groups), shape).predict(x), expected)


@pytest.mark.parametrize("layer", [LAYER(), GROUP(3)], ids=repr)
def test_samples_do_not_see_each_other(layer):
    m = alone(layer)
    x = data(9)[0]
    whole = m.predict(x)
    assert np.array_equal(whole, m.predict(x, batch_size=1))
    assert m.loss_value(x, x) == m.loss_value(x, x, training=True)
    assert [name.split("/")[1] for name in m.weight_names] == ["gamma", "beta"]


@every_layer
def test_what_has_no_parameters_can_be_first(layer):
    m = model(layer(center=False, scale=False), shape=(2, 4))
    x, y = data(3, (2, 4))
    m.fit(x, y, 2, verbose=0)
    assert np.isfinite(m.predict(x)).all()
    assert nn.check_gradients(m, x, y, verbose=False)


@every_layer
def test_regularizers(layer):
    m = model(layer(gamma_regularizer=nn.regularizers.L2(0.5), beta_initializer="ones", beta_regularizer="l1"))
    plain = model(layer(beta_initializer="ones"))
    x, y = data(5)
    assert m.loss_value(x, y) == pytest.approx(plain.loss_value(x, y) + 0.5 * 6 + 0.01 * 6, rel=1e-5)


# --- what is refused


@every_layer
@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("epsilon", 0.0),
        ("epsilon", "1e-3"),
        ("center", 1),
        ("scale", None),
        ("beta_initializer", "onez"),
        ("gamma_regularizer", 0.1),
    ],
)
def test_bad_arguments(layer, argument, value):
    with pytest.raises(ArgumentError, match=argument):
        layer(**{argument: value})


def test_bad_arguments_of_one_layer():
    refuses(lambda: BATCH(momentum=1.5), "BatchNormalization", "momentum", "1.5")
    refuses(lambda: BATCH(moving_variance_initializer="one"), "moving_variance_initializer", "Did you mean 'ones'?")
    for groups in (0, -2, 1.5, -1.0, True, [1, 2], np.array([1, 2])):
        refuses(lambda groups=groups: GROUP(groups), "GroupNormalization", "groups", repr(groups))


def test_groups_must_divide_the_channels():
    with pytest.raises(ShapeError) as caught:
        model(layers.Dropout(0.1), GROUP(4))
    for words in ("GroupNormalization (layer 1", "groups=4", "(N, 4, 3, 6)", "Choose groups that divide 6"):
        assert words in str(caught.value)
