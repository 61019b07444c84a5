"""Bidirectional: a recurrent layer and its copy that reads backwards."""

import json

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, StateError
from numbanet.layers import GRU, LSTM, Bidirectional, Dense, Dropout, Flatten, Residual, SimpleRNN, TimeDistributed
from numbanet.random import LAYERS
from numbanet.step import TRAIN
from tests.models import refuses, same

RANDOM = np.random.default_rng(0)
MODES = ("concat", "sum", "mul", "ave")
MERGED = {
    "concat": lambda a, b: np.concatenate([a, b], axis=-1),
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
}
T, FEATURES, UNITS = 5, 3, 4
every_mode = pytest.mark.parametrize("mode", MODES)
both_returns = pytest.mark.parametrize("sequences", [False, True])


def built(*stack, shape=(T, FEATURES), dtype="float64", device="cpu", loss="mse", seed=5):
    """A model with random weights, the same ones for the same shapes; states begin at zero."""
    m = nn.Sequential(list(stack), seed=seed)
    m.build(shape, device, dtype)
    m.compile("sgd", loss)
    random = np.random.default_rng(1)
    drawn = [(random.standard_normal(w.shape) / 2).astype("float32").astype(dtype) for w in m.get_weights()]
    m.set_weights([w * ("/state_" not in name) for name, w in zip(m.weight_names, drawn, strict=True)])
    return m


def data(n, *shape):
    return RANDOM.standard_normal((n, *shape))


def right(m, n=2, shape=(T, FEATURES)):
    for training in (True, False):
        x, y = data(n, *shape), data(n, *m._network.output_shape)
        report = nn.check_gradients(m, x, y, training=training, verbose=False)
        assert report, str(report)


# --- what it computes


@pytest.mark.parametrize("back", [False, True])
@both_returns
@every_mode
def test_it_is_two_layers_and_the_merge(mode, sequences, back):
    m = built(Bidirectional(LSTM(UNITS, return_sequences=sequences, go_backwards=back), mode))
    weights, x = m.get_weights(), data(3, T, FEATURES)
    outputs = []
    for direction, own in ((back, weights[:3]), (not back, weights[3:])):
        one = built(LSTM(UNITS, return_sequences=sequences, go_backwards=direction))
        one.set_weights(own)
        outputs.append(one.predict(x))
    if sequences:
        outputs[1] = outputs[1][:, ::-1]
    assert np.allclose(m.predict(x), MERGED[mode](*outputs), rtol=1e-13, atol=0)


TORCH = {"RNN": (SimpleRNN, {}, [0]), "LSTM": (LSTM, {}, [0, 1, 2, 3]), "GRU": (GRU, {}, [1, 0, 2])}


def torch_parameters(kind, weights):
    """torch's weight_ih, weight_hh, bias_ih and bias_hh of one direction, its gates in torch's order."""
    order = TORCH[kind][2]

    def gates(w):
        return np.concatenate([np.split(w, len(order), axis=-1)[k] for k in order], axis=-1)

    kernel, recurrent, bias = weights
    bias = bias if kind == "GRU" else np.stack([bias, np.zeros_like(bias)])
    return [gates(kernel).T, gates(recurrent).T, *gates(bias)]


def keras_gradients(kind, gradients):
    """And the gradients back."""
    order = TORCH[kind][2]

    def gates(w):
        parts = np.split(w, len(order), axis=-1)
        return np.concatenate([parts[order.index(k)] for k in range(len(order))], axis=-1)

    w, u, b, r = (g.numpy() for g in gradients)
    return [gates(w.T), gates(u.T), gates(np.stack([b, r])) if kind == "GRU" else gates(b)]


@pytest.mark.parametrize("steps", [1, 2, 17])
@both_returns
@pytest.mark.parametrize("kind", TORCH)
def test_against_torch(kind, sequences, steps):
    torch = pytest.importorskip("torch")
    cls, arguments, _ = TORCH[kind]
    shape = (steps, FEATURES)
    m = built(Bidirectional(cls(UNITS, return_sequences=sequences, **arguments)), shape=shape)
    weights, x = m.get_weights(), data(4, *shape)
    theirs = getattr(torch.nn, kind)(FEATURES, UNITS, bidirectional=True, batch_first=True, dtype=torch.float64)
    parameters = list(theirs.parameters())
    with torch.no_grad():
        given = torch_parameters(kind, weights[:3]) + torch_parameters(kind, weights[3:])
        for p, value in zip(parameters, given, strict=True):
            p.copy_(torch.tensor(np.ascontiguousarray(value)))
    inputs = torch.tensor(x, requires_grad=True)
    out, state = theirs(inputs)
    if not sequences:
        last = state[0] if kind == "LSTM" else state
        out = torch.cat([last[0], last[1]], dim=-1)
    assert np.abs(m.predict(x) - out.detach().numpy()).max() < 1e-10
    y = data(*out.shape)
    loss = torch.nn.functional.mse_loss(out, torch.tensor(y))
    loss.backward()
    value, gradients = m.gradients(x, y)
    assert abs(value - loss.item()) < 1e-10
    expected = [g for k in (0, 4) for g in keras_gradients(kind, [p.grad for p in parameters[k : k + 4]])]
    for mine, other in zip(gradients, expected, strict=True):
        assert mine.shape == other.shape
        assert np.abs(mine - other).max() < 1e-10
    assert np.abs(m.input_gradient(x, y) - inputs.grad.numpy()).max() < 1e-10


# --- gradients


@pytest.mark.compiled
@both_returns
@every_mode
def test_gradients(mode, sequences):
    right(built(Bidirectional(SimpleRNN(2, return_sequences=sequences), mode), shape=(3, 2)), shape=(3, 2))


@both_returns
@every_mode
def test_gradients_on_the_reference(mode, sequences):
    layer = Bidirectional(SimpleRNN(2, return_sequences=sequences), mode)
    right(built(layer, shape=(3, 2), device="reference"), shape=(3, 2))


STACKS = {
    "given": lambda: [Bidirectional(GRU(2), "concat", LSTM(3, go_backwards=True))],
    "given, one size": lambda: [Bidirectional(LSTM(2, go_backwards=True), "mul", SimpleRNN(2))],
    "given sequences": lambda: [
        Bidirectional(SimpleRNN(2, return_sequences=True), "ave", GRU(2, go_backwards=True, return_sequences=True))
    ],
    "backwards": lambda: [Bidirectional(LSTM(2, return_sequences=True, go_backwards=True))],
    "dropout": lambda: [Bidirectional(LSTM(3, dropout=0.3, recurrent_dropout=0.4, return_sequences=True), "sum")],
    "two": lambda: [Bidirectional(GRU(2, return_sequences=True), "mul"), Bidirectional(SimpleRNN(2))],
    "in place above": lambda: [Bidirectional(GRU(2, return_sequences=True), "mul"), layers.Tanh(), Flatten()],
    "residual": lambda: [Residual([Bidirectional(SimpleRNN(3, return_sequences=True), "ave"), Dropout(0.4)])],
    "penalties": lambda: [Bidirectional(SimpleRNN(2, kernel_regularizer="l2", use_bias=False))],
    "each step": lambda: [layers.Reshape((2, 2, FEATURES)), TimeDistributed(Bidirectional(SimpleRNN(2)))],
    "below it": lambda: [TimeDistributed(Dense(2, "tanh")), Bidirectional(LSTM(2)), Dense(2)],
}
every_stack = pytest.mark.parametrize("name", STACKS)


@pytest.mark.compiled
@every_stack
def test_gradients_of_stacks(name):
    right(built(*STACKS[name](), shape=(4, FEATURES)), shape=(4, FEATURES))


@every_stack
def test_cpu_agrees_with_the_reference(name):
    results, x = [], data(3, 4, FEATURES)
    for device in ("cpu", "reference"):
        m = built(*STACKS[name](), shape=(4, FEATURES), device=device)
        y = np.linspace(-1, 1, 3 * int(np.prod(m._network.output_shape))).reshape(3, *m._network.output_shape)
        loss, gradients = m.gradients(x, y, training=True)
        results.append([m.predict(x), np.array(loss), *gradients, m.input_gradient(x, y, training=True)])
    for mine, expected in zip(*results, strict=True):
        assert np.allclose(mine, expected, rtol=1e-11, atol=1e-13)


# --- names, configuration, what it refuses


def test_names():
    layer = Bidirectional(SimpleRNN(2), backward_layer=GRU(3, go_backwards=True, use_bias=False, name="g"))
    m = built(Bidirectional(LSTM(2, return_sequences=True)), Bidirectional(LSTM(2, name="l"), name="b"), shape=(4, 3))
    assert [name for name in m.weight_names if name.endswith("/kernel")] == [
        "bidirectional/forward_lstm/kernel",
        "bidirectional/backward_lstm/kernel",
        "b/forward_l/kernel",
        "b/backward_l/kernel",
    ]
    owners = {call.owner for call in m._steps.step(TRAIN, 2).program.calls}
    assert {"bidirectional", "bidirectional/forward_lstm", "bidirectional/backward_lstm", "b/forward_l"} <= owners
    assert [p.name for p in layer.describe((4, 3)).parameters] == [
        *(f"forward_simple_rnn/{name}" for name in ("kernel", "recurrent_kernel", "bias")),
        *(f"backward_g/{name}" for name in ("kernel", "recurrent_kernel")),
    ]
    assert layer.describe((4, 3)).output_shape == (5,)


def test_the_copies_begin_with_weights_of_their_own():
    m = nn.Sequential([Bidirectional(LSTM(3))])
    m.build((4, 3))
    kernel, _, _, other, *_ = m.get_weights()
    assert kernel.shape == other.shape
    assert not np.isclose(kernel, other).any()


class _Seen(GRU):
    """Notes the arrays that it is given."""

    def forward(self, program, t, training):
        SEEN.append(t)
        super().forward(program, t, training)


SEEN = []


def test_streams_of_random_numbers_differ():
    arguments = {"dropout": 0.4, "recurrent_dropout": 0.4}
    m = built(Bidirectional(_Seen(3, **arguments)), Dropout(0.3))
    SEEN.clear()
    m.train_on_batch(np.ones((64, T, FEATURES)), np.zeros((64, 6)))
    one, other = SEEN
    assert (one.stream, other.stream) == (LAYERS, LAYERS + 2)
    assert m.layers[0].describe((T, FEATURES)).streams == 4
    for key in ("keep", "drop"):
        assert 0 < np.count_nonzero(one.saved[key]) < one.saved[key].size
        assert not np.array_equal(one.saved[key], other.saved[key])


LENGTHS = np.array([6, 3, 1, 5])
COUNTS = np.arange(6) < LENGTHS[:, None]


@pytest.mark.parametrize("device", ["cpu", "reference"])
@both_returns
@every_mode
def test_padding_changes_nothing(mode, sequences, device):
    """A padded sequence gives what it gives alone, where it counts."""
    layer = LSTM(UNITS, return_sequences=sequences)
    padded = built(layers.Masking(), Bidirectional(layer, mode), shape=(6, FEATURES), device=device)
    x = data(4, 6, FEATURES) * COUNTS[..., None]
    found = padded.predict(x)
    for n, length in enumerate(LENGTHS):
        alone = built(Bidirectional(layer, mode), shape=(int(length), FEATURES), device=device)
        expected = alone.predict(x[n : n + 1, :length])[0]
        assert np.allclose(found[n, :length] if sequences else found[n], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.compiled
@both_returns
@every_mode
def test_gradients_with_a_mask(mode, sequences):
    stack = [layers.Masking(), Bidirectional(SimpleRNN(2, return_sequences=True), mode)]
    stack += [layers.Tanh()] if sequences else [Bidirectional(GRU(2), mode)]
    m = built(*stack, shape=(6, 2))
    x, y = data(4, 6, 2) * COUNTS[..., None], data(4, *m._network.output_shape)
    _, gradients = m.gradients(x, y)
    weights = m.get_weights()
    for k, (weight, gradient) in enumerate(zip(weights, gradients, strict=True)):
        at = np.unravel_index(np.argmax(np.abs(gradient)), gradient.shape)
        values = []
        for step in (1e-5, -1e-5):
            moved = [np.array(w) for w in weights]
            moved[k][at] += step
            m.set_weights(moved)
            values.append(m.loss_value(x, y))
        m.set_weights(weights)
        assert gradient[at] == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-6, abs=1e-9), weight.shape


def test_what_it_says_about_masks_is_what_the_layer_says():
    for layer in (LSTM(2), LSTM(2, return_sequences=True), GRU(2, return_sequences=True, go_backwards=True)):
        it = Bidirectional(layer)
        assert (it.takes_mask, it.keeps_mask) == (layer.takes_mask, layer.keeps_mask)


@pytest.mark.parametrize("given", [False, True])
def test_configuration_round_trip(given):
    other = LSTM(2, go_backwards=True, dropout=0.2, name="b") if given else None
    layer = Bidirectional(LSTM(2, kernel_initializer="he_normal", bptt_steps=3), "ave", other, name="it")
    config = json.loads(json.dumps(layer.get_config()))
    assert (config["backward_layer"] is not None) == given
    again = Bidirectional.from_config(config)
    assert again.get_config() == config == layer.get_config()
    assert again.backward_layer.get_config() == layer.backward_layer.get_config()
    assert again.backward_layer.go_backwards
    assert (again.backward_layer.bptt_steps, again.backward_layer.dropout) == ((None, 0.2) if given else (3, 0.0))
    names = vars(layers) | vars(nn.initializers)
    assert eval(repr(layer), names).get_config() == config
    assert repr(Bidirectional(GRU(3))) == "Bidirectional(layer=GRU(units=3))"


def test_what_it_refuses():
    for bad in (LSTM, "lstm", None, 3, [LSTM(2)], Dense(3)):
        with pytest.raises(
            ArgumentError, match=r"^Bidirectional: layer must be a recurrent layer, such as LSTM\(8\)\. R"
        ):
            Bidirectional(bad)
    refuses(lambda: Bidirectional(LSTM(2), backward_layer="lstm"), "Bidirectional: backward_layer must be a recurrent")
    refuses(lambda: Bidirectional({"class_name": "LST", "config": {}}), "Bidirectional", "Did you mean 'LSTM'")
    words = "Bidirectional: merge_mode must be 'concat', 'sum', 'mul' or 'ave' (two outputs do not fit"
    refuses(lambda: Bidirectional(LSTM(2), None), words, "Received: merge_mode=None")
    refuses(lambda: Bidirectional(LSTM(2), "summ"), "Bidirectional: merge_mode", "Did you mean 'sum'")
    for back in (False, True):
        refuses(
            lambda back=back: Bidirectional(LSTM(2, go_backwards=back), backward_layer=LSTM(2, go_backwards=back)),
            f"Bidirectional: backward_layer must be a layer with go_backwards={not back}",
        )
    refuses(
        lambda: Bidirectional(LSTM(2, return_sequences=True), backward_layer=LSTM(2, go_backwards=True)),
        "layer and backward_layer must agree in return_sequences. Received: return_sequences=True and return_seq",
    )
    stateful = {"stateful": True, "batch_size": 3}
    refuses(lambda: Bidirectional(LSTM(2, **stateful), "sum", LSTM(2, go_backwards=True)), "must agree in stateful")
    refuses(lambda: Bidirectional(LSTM(2), "sum", LSTM(3, go_backwards=True)), "must agree in units", "units=2 and")
    assert Bidirectional(LSTM(2), "concat", LSTM(3, go_backwards=True)).describe((4, 3)).output_shape == (5,)
    words = "Bidirectional (layer 0, 'bidirectional'): LSTM (layer 0, 'forward_lstm'): expected"
    refuses(lambda: built(Bidirectional(LSTM(2)), shape=(4,)), words, "received (N, 4)")


# --- states


def states(m):
    return [w for name, w in zip(m.weight_names, m.get_weights(), strict=True) if "/state_" in name]


@pytest.mark.parametrize("cls", [SimpleRNN, LSTM, GRU])
def test_states_go_on_and_are_reset(cls):
    layer = cls(UNITS, stateful=True, batch_size=3)
    m = built(Bidirectional(layer), Dense(2), dtype="float32")
    x = data(3, T, FEATURES).astype("float32")
    assert len(states(m)) == 2 * len(layer.states)
    first = m.predict(x)
    kept = states(m)
    assert all(state.any() for state in kept)
    assert not np.array_equal(kept[0], kept[len(layer.states)])
    assert not np.array_equal(m.predict(x), first)
    weights = [w for name, w in zip(m.weight_names, m.get_weights(), strict=True) if "/state_" not in name]
    m.reset_states()
    assert not any(state.any() for state in states(m))
    after = [w for name, w in zip(m.weight_names, m.get_weights(), strict=True) if "/state_" not in name]
    assert same(after, weights)
    assert np.array_equal(m.predict(x), first)


def test_the_forward_state_is_that_of_one_long_sequence():
    x = data(2, 2 * T, FEATURES)
    long = built(LSTM(UNITS), shape=(2 * T, FEATURES))
    m = built(Bidirectional(LSTM(UNITS, stateful=True, batch_size=2)))
    weights = m.get_weights()
    weights[:3] = long.get_weights()
    m.set_weights(weights)
    m.predict(x[:, :T])
    assert np.allclose(m.predict(x[:, T:])[:, :UNITS], long.predict(x), rtol=1e-12, atol=0)


def test_training_with_states():
    m = built(Bidirectional(GRU(UNITS, stateful=True, batch_size=4)), Dense(1), dtype="float32")
    x, y = data(8, T, FEATURES).astype("float32"), data(8, 1).astype("float32")
    m.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=[Reset()])
    assert all(state.any() for state in states(m))
    with pytest.raises(StateError, match="it keeps the states of 4 samples"):
        m.predict(x)
    m.reset_states()
    assert not any(state.any() for state in states(m))


class Reset(nn.callbacks.Callback):
    """Resets the states before each epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        self.model.reset_states()
        assert not any(state.any() for state in states(self.model))


def test_reset_states_alone():
    m = nn.Sequential([Bidirectional(LSTM(2))])
    with pytest.raises(StateError, match=r"^reset_states: expected a model that is built"):
        m.reset_states()
    m = built(layers.Conv1D(3, 2), layers.BatchNormalization(), Bidirectional(LSTM(2)))
    before = m.get_weights()
    m.reset_states()
    assert same(m.get_weights(), before)
    m = built(Residual([LSTM(FEATURES, return_sequences=True, stateful=True, batch_size=2)]), Flatten())
    m.predict(data(2, T, FEATURES))
    assert all(state.any() for state in states(m))
    m.reset_states()
    assert not any(state.any() for state in states(m))
