"""model.trace: what it holds is what the model computes, and the model stays as it is."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, NumbanetError, ShapeError, StateError
from numbanet.kernels import dense, kernel
from tests.layers.test_layer_contract import data, every_case, make, model_with
from tests.models import LABELS, WEIGHTS, X, model, same, train

DEVICES = [("reference", "float64"), ("cpu", "float32"), ("cpu", "float64")]
on_every_device = pytest.mark.parametrize(("device", "dtype"), DEVICES)


def state(m):
    """All that training goes on from, as bytes."""
    parts = [m.get_weights(), m.last_gradients(), m.get_states(), m.steps_trained, m._steps.get_state()]
    return [np.asarray(a).tobytes() if isinstance(a, np.ndarray) else repr(a) for a in flattened(parts)]


def flattened(a):
    if isinstance(a, dict):
        a = list(a.values())
    return [b for part in a for b in flattened(part)] if isinstance(a, list | tuple) else [a]


def everywhere(traces):
    return [found for t in traces for found in (t, *everywhere(t.layers))]


def agrees(m, x, y, **arguments):
    """The trace, which has the bits of gradients, input_gradient and loss_value, and leaves the model alone."""
    loss, gradients = m.gradients(x, y, **arguments)
    input_gradient, value = m.input_gradient(x, y, **arguments), m.loss_value(x, y, **arguments)
    before = state(m)
    t = m.trace(x, y, **arguments)
    assert state(m) == before
    assert t.loss == loss == value
    assert same(list(t.gradients.values()), gradients)
    assert np.array_equal(t.layers[0].dx, input_gradient)
    assert np.array_equal(t.layers[0].x, x)
    for below, above in zip(t.layers, t.layers[1:], strict=False):
        assert np.array_equal(below.a.reshape(above.x.shape), above.x), above.name
        assert np.array_equal(below.da.reshape(above.dx.shape), above.dx), above.name
    return t


@every_case
def test_every_layer_s_arrays_are_those_of_the_model(name, shape, arguments):
    m = model_with(make(name, arguments), shape, device="reference")
    x, y = data(3, shape, "float64", m.layers[0])
    t = agrees(m, x, y, training=True)
    assert [each.name for each in t.layers] == [layer.name for layer in m.layers]
    for each in everywhere(t.layers):
        assert each.da.shape == each.a.shape
        assert each.dx.shape == each.x.shape
        assert all(np.isfinite(a).all() for a in each.values.values()), each
        for found in ("W", "b", "U", "E", "gamma", "beta"):
            if found in each.values:
                assert each.values[f"d{found}"].shape == each.values[found].shape
    by_name = {f"{each.name}/{key}": a for each in everywhere(t.layers) for key, a in each.values.items()}
    letters = {"kernel": "W", "bias": "b", "recurrent_kernel": "U", "embeddings": "E"}
    for key, gradient in t.gradients.items():
        owner, _, parameter = key.rpartition("/")
        assert np.array_equal(by_name[f"{owner}/d{letters.get(parameter, parameter)}"], gradient)


@on_every_device
def test_a_network_on_every_device(device, dtype):
    m = train(model("adam", dropout=0.4, device=device, dtype=dtype, metrics=("accuracy",)))
    x = X[:6].astype(dtype)
    t = agrees(m, x, LABELS[:6])
    assert (t.device, t.x.dtype, len(t.steps)) == (device, dtype, len(t.steps))
    assert t.loss == pytest.approx(m.evaluate(x, LABELS[:6])["loss"], rel=1e-15)
    assert np.array_equal(t.layers[-1].a, m.predict(x))
    agrees(m, x, LABELS[:6], training=True)
    agrees(m, x, LABELS[:6], sample_weight=WEIGHTS[:6])


@on_every_device
def test_training_goes_on_as_if_nothing_were(device, dtype):
    a, b = (model("adam", dropout=0.4, device=device, dtype=dtype) for _ in range(2))
    for m in (a, b):
        train(m)
        if m is a:
            m.trace(X[:9].astype(dtype), LABELS[:9], training=True)
    assert same(train(a), train(b))


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_loops_that_run_as_python_are_traced_too(device):
    m = model(dropout=0.5, device=device, dtype="float64")
    x = X[:3].astype("float64")
    compiled = m.trace(x, LABELS[:3], training=True)
    with nn.pure_python():
        t = agrees(m, x, LABELS[:3], training=True)
    for one, other in zip(t.layers, compiled.layers, strict=True):
        for name, a in one.values.items():
            np.testing.assert_allclose(a, other.values[name], rtol=1e-9, atol=1e-14)


def test_frozen_layers_have_no_gradients_of_parameters():
    m = nn.Sequential([layers.Dense(3, "relu"), layers.BatchNormalization(), layers.Dense(2)])
    for layer in m.layers[:2]:
        layer.trainable = False
    m.build((4,))
    m.compile(nn.optimizers.SGD(clipvalue=1.0), "mse")
    t = agrees(m, X, X[:, :2], training=True)
    assert list(t.gradients) == ["dense_1/kernel", "dense_1/bias"]
    assert "dW" not in t["dense"].values
    assert t["dense"].delta.shape == (22, 3)
    assert np.array_equal(t["batch_normalization"].mean, t["batch_normalization"].moving_mean)


def test_a_model_without_parameters():
    m = nn.Sequential([layers.Flatten(), layers.ReLU(), layers.Flatten(name="last")])
    m.build((2, 2))
    m.compile("sgd", "mse")
    t = agrees(m, X.reshape(22, 2, 2), X)
    assert np.array_equal(t["last"].a, np.maximum(X, 0))
    assert t["flatten"].steps == ()


def test_statistics_and_states_stay():
    m = nn.Sequential(
        [layers.LSTM(3, stateful=True, batch_size=2, return_sequences=True), layers.BatchNormalization(), layers.GRU(2)]
    )
    m.build((4, 3), dtype="float64")
    m.compile("sgd", "mse")
    x, y = data(2, (4, 3), "float64", m.layers[0])
    m.train_on_batch(x, y)
    assert any(a.any() for a in m.get_states()["lstm"])
    t = agrees(m, x, y, training=True)
    assert np.array_equal(t["lstm"].h0, t["lstm"].state_h)
    normal = t["batch_normalization"]
    np.testing.assert_allclose(normal.mean, normal.x.mean((0, 1)), rtol=1e-12)
    np.testing.assert_allclose(normal.xhat.std((0, 1)) ** 2, 1 / (1 + 1e-3 / normal.variance), rtol=1e-9)


def test_a_dense_layer_by_the_textbook():
    m = nn.Sequential([layers.Dense(4, "relu"), layers.Dense(3, "sigmoid"), layers.ReLU(), layers.Dense(2)])
    m.build((3,), dtype="float64")
    m.compile("sgd", "mse")
    x, y = data(5, (3,), "float64", m.layers[0])
    t = m.trace(x, y)
    for each, slope in (
        (t["dense"], lambda d: d.z > 0),
        (t["dense_1"], lambda d: d.a * (1 - d.a)),
        (t["dense_2"], None),
    ):
        np.testing.assert_allclose(each.z, each.x @ each.W + each.b, rtol=1e-12)
        np.testing.assert_allclose(each.delta, each.da * slope(each) if slope else each.da, rtol=1e-12)
        np.testing.assert_allclose(each.dW, each.x.T @ each.delta, rtol=1e-10)
        np.testing.assert_allclose(each.db, each.delta.sum(0), rtol=1e-10)
        np.testing.assert_allclose(each.dx, each.delta @ each.W.T, rtol=1e-10)
    assert np.array_equal(t["dense"].a, np.maximum(t["dense"].z, 0))
    assert (t["dense"].z < 0).any(), "z as it was before ReLU took its place"
    assert list(t["dense"].values) == ["x", "W", "b", "z", "a", "da", "delta", "dW", "db", "dx"]
    assert t["re_lu"].z is t["re_lu"].x
    assert np.array_equal(t["re_lu"].delta, t["re_lu"].dx)


def test_a_convolution_has_its_window_sums():
    m = nn.Sequential(
        [layers.Conv2D(2, 3, activation="relu"), layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(1)]
    )
    m.build((6, 6, 1), device="reference", dtype="float64")
    m.compile("sgd", "mse")
    random = np.random.default_rng(0)
    t = m.trace(random.normal(size=(2, 6, 6, 1)), np.ones((2, 1)))
    conv, pool = t["conv2d"], t["max_pooling2d"]
    window = conv.x[1, 1:4, 2:5]
    np.testing.assert_allclose(conv.z[1, 1, 2], np.einsum("hwc,hwco->o", window, conv.W) + conv.b, rtol=1e-12)
    assert pool.argmax.shape == pool.a.shape
    assert pool.a[0, 1, 0, 1] == conv.a[0, 2:4, 0:2, 1].reshape(-1)[pool.argmax[0, 1, 0, 1]]
    assert t["flatten"].a.shape == (2, 8)


def test_dropout_has_its_mask():
    t = model(dropout=0.5).trace(X, LABELS, training=True)
    assert set(np.unique(t["dropout"].mask)) == {0, 2}
    assert np.array_equal(t["dropout"].a, t["dropout"].x * t["dropout"].mask)
    assert "mask" not in model(dropout=0.5).trace(X, LABELS)["dropout"].values, "of a layer that did nothing"


@pytest.mark.parametrize("layer", [layers.LayerNormalization(), layers.GroupNormalization(2)], ids=["layer", "group"])
def test_normalised_numbers(layer):
    m = nn.Sequential([layer])
    m.build((3, 4), dtype="float64")
    m.set_weights([np.array([1.0, 2.0, 0.5, -1.0]), np.arange(4.0)])
    m.compile("sgd", "mse")
    x, _ = data(2, (3, 4), "float64", layer)
    (it,) = m.trace(x, x).layers
    np.testing.assert_allclose(it.gamma * it.xhat + it.beta, it.a, rtol=1e-12)


def test_a_layer_inside_of_others_has_a_trace_of_its_own():
    inner = layers.Residual([layers.Dense(4, "tanh", name="in"), layers.Flatten(name="flat")], activation="relu")
    m = nn.Sequential([layers.TimeDistributed(inner, name="each"), layers.Bidirectional(layers.LSTM(2), name="both")])
    m.build((3, 4), dtype="float64")
    m.compile("sgd", "mse")
    x, y = data(2, (3, 4), "float64", inner)
    t = agrees(m, x, np.concatenate([y, y], 1))
    assert [each.name for each in everywhere(t.layers)] == [
        *("each", "each/residual", "each/residual/in", "each/residual/flat"),
        *("both", "both/forward_lstm", "both/backward_lstm"),
    ]
    res, dense_, flat_ = (t[f"each/{name}"] for name in ("residual", "residual/in", "residual/flat"))
    assert np.array_equal(res.z, dense_.a + res.x)
    assert np.array_equal(res.a, np.maximum(res.z, 0))
    assert np.array_equal(res.delta, dense_.da)
    assert np.array_equal(flat_.x, dense_.a)
    assert np.array_equal(res.dx, dense_.dx + res.delta)
    assert np.array_equal(t["both/backward_lstm"].h[:, 0], t["both"].a[:, 2:])
    assert np.array_equal(t["both/forward_lstm"].dx + t["both/backward_lstm"].dx, t["both"].dx)


def test_steps_are_the_calls_of_the_step_in_order():
    m = nn.Sequential([layers.Dense(3, "relu", kernel_regularizer="l2"), layers.Dense(2, name="loss")])
    m.build((4,))
    m.compile(nn.optimizers.SGD(global_clipnorm=1e-3), "mse")
    t = agrees(m, X[:5], X[:5, :2])
    assert [step.number for step in t.steps] == list(range(len(t.steps)))
    told = [(step.phase, step.layer, f"{step.operation}.{step.function}") for step in t.steps]
    assert told == [
        ("forward", "dense", "dense.forward"),
        ("forward", "dense", "activations.relu_in_place"),
        ("forward", "loss", "dense.forward"),
        ("loss", "loss", "mean_squared_error.forward"),
        ("loss", "loss", "mean.forward"),
        ("loss", "dense", "regularization.penalty"),
        ("backward", "loss", "mean_squared_error.backward"),
        ("backward", "loss", "dense.backward_kernel"),
        ("backward", "loss", "dense.backward_bias"),
        ("backward", "loss", "dense.backward_input"),
        ("backward", "dense", "activations.relu_in_place_backward"),
        ("backward", "dense", "dense.backward_kernel"),
        ("backward", "dense", "dense.backward_bias"),
        ("backward", "dense", "dense.backward_input"),
        ("backward", "dense", "regularization.gradient"),
        ("check", "optimizer", "clip.square_sums"),
        ("check", "optimizer", "clip.scale"),
    ]
    assert [step.operation for step in t["loss"].steps] == ["dense"] * 4
    assert sum(step.operation == "regularization" for step in t["dense"].steps) == 2
    in_place = t.steps[1]
    assert np.array_equal(in_place.arguments["y"].reshape(5, 3), t["dense"].z)
    assert np.array_equal(in_place.written["y"].reshape(5, 3), t["dense"].a)
    assert np.linalg.norm(t.steps[-1].written["g"]) == pytest.approx(1e-3)
    assert t.steps[0].kernel is m._network.device.kernels(dense).forward
    assert repr(t.steps[8]) == "8 backward loss: dense.backward_bias(dy (5, 2), db (2,)) -> db"


def test_steps_can_be_run_again():
    t = train(model(device="reference")).trace(X[:4], LABELS[:4])
    for step in t.steps:
        arguments = {name: np.array(a) if isinstance(a, np.ndarray) else a for name, a in step.arguments.items()}
        step.kernel(*arguments.values())
        for name, a in step.written.items():
            assert np.array_equal(arguments[name], a), step


@kernel()
def twice(x, y):
    _twice(x, y)


def _twice_in_python(x, y):
    for i in range(x.size):
        y[i] = 2 * x[i]


_twice = nn.kernels._jit.inline(_twice_in_python)


class _Twice(layers.Layer):
    def describe(self, input_shape):
        return layers.Description(input_shape)

    def forward(self, program, t, training):
        program.call(twice, t.x.reshape(-1), t.y.reshape(-1))

    def backward(self, program, t):
        program.call(twice, t.dy.reshape(-1), t.dx.reshape(-1))


def test_a_loop_of_one_s_own_also_where_a_helper_writes():
    m = nn.Sequential([_Twice("twice"), layers.Dense(3)])
    m.build((4,))
    m.compile("sgd", "sparse_categorical_crossentropy")
    t = agrees(m, X, LABELS)
    first = t.steps[0]
    assert (first.operation, first.function, list(first.written)) == ("test_recording", "twice", ["y"])
    assert np.array_equal(t["twice"].a, 2 * X)


def test_a_model_is_built_for_the_data_and_what_is_bad_is_refused():
    m = model(build=False)
    assert m.trace(X, LABELS).x.shape == X.shape
    for x, y, error in (
        (X[:, :3], LABELS, ShapeError),
        (X, LABELS + 1, NumbanetError),
        (X * np.nan, LABELS, NumbanetError),
    ):
        with pytest.raises(error, match="trace"):
            m.trace(x, y)
    with pytest.raises(ArgumentError, match="trace: training must be True or False"):
        m.trace(X, LABELS, training=1)
    with pytest.raises(ArgumentError, match="trace: model must be a Sequential"):
        nn.teach.trace(3, X, LABELS)
    with pytest.raises(StateError, match=r"trace: .*compile"):
        nn.Sequential([layers.Dense(3)]).trace(X, LABELS)


def test_lengths_leave_steps_out():
    m = nn.Sequential([layers.LSTM(3)])
    m.build((4, 2), dtype="float64")
    m.compile("sgd", "mse")
    x, _ = data(3, (4, 2), "float64", m.layers[0])
    t = agrees(m, x, np.ones((3, 3)), lengths=[2, 4, 1])
    it = t["lstm"]
    assert np.isnan(it.i[0, 2:]).all()
    assert np.isfinite(it.i[0, :2]).all()
    assert not it.delta[0, 2:].any()
    assert not it.di[0, 2:].any()
    assert np.array_equal(it.dh[0, 3], it.dh[0, 1]), "handed on"
    assert "36 NaN" not in repr(t)
    assert "15 NaN" in repr(t), "5 of 12 steps of 3 units"


def test_it_reads_well():
    m = nn.Sequential([layers.Dense(2, "relu"), layers.Dense(1)], name="tiny")
    m.build((3,), "reference", "float64")
    m.set_weights([np.eye(3)[:, :2], np.zeros(2), np.array([[2.0], [-3.0]]), np.ones(1)])
    m.compile("sgd", "mse")
    t = m.trace(np.array([[1.0, -2.0, 3.0]]), np.array([[5.0]]))
    assert repr(t).splitlines()[:5] == [
        "tiny on reference, float64, 1 sample, inference: loss 4",
        "layer    name   shape   min  max    mean",
        "dense    x      (1, 3)   -2    3  0.6667  [1 -2 3]",
        "         W      (3, 2)    0    1  0.3333  [1 0 0 1 0 0]",
        "         b      (2,)      0    0       0  [0 0]",
    ]
    text = repr(t["dense"])
    assert text.startswith("dense: Dense(")
    assert "  delta (1, 2)\n    [[-8.  0.]]" in text
    with pytest.raises(AttributeError, match=r"no array 'dU'.*; there are x, W, b, z, a, da, delta, dW, db, dx"):
        t["dense"].dU  # noqa: B018
    with pytest.raises(ArgumentError, match=r"one of dense, dense_1\. Received: 'nope'"):
        t["nope"]
    assert "delta" in dir(t["dense"])
