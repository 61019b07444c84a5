"""Gates and states at each step, and their gradients: against the kernels' own, and against differences."""

import numpy as np
import pytest

import numbanet as nn
from numbanet.kernels._gates import NAMES, slope, value
from numbanet.layers import GRU, LSTM, Dense, SimpleRNN

N, T, I, H = 2, 5, 2, 3
RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(N, T, I)), RANDOM.normal(size=(N, 1))
OPTIONS = [
    {},
    {"go_backwards": True},
    {"return_sequences": True},
    {"return_sequences": True, "go_backwards": True},
    {"recurrent_dropout": 0.4, "dropout": 0.3},
    {"bptt_steps": 2},
    {"activation": "softsign"},
]
options = pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(o) or "plain")
of_lengths = pytest.mark.parametrize("lengths", [None, [T, 2]], ids=["whole", "lengths"])


def traced(layer, lengths=None, **options):
    after = []
    if options.get("return_sequences"):
        lengths = None  # the layers after it would mix steps
        after = [nn.layers.Flatten()]
    m = nn.Sequential([layer(H, name="it", **options), *after, Dense(1)], seed=2)
    m.build((T, I), "reference", "float64")
    m.set_weights([np.random.default_rng(k).normal(size=w.shape) for k, w in enumerate(m.get_weights())])
    m.compile("sgd", "mse")
    return m.trace(X, Y, training=True, lengths=lengths)["it"], lengths


def apply(function, name, a):
    return np.vectorize(lambda v: function(NAMES.index(name), v))(a)


def same(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-14)


def counted(lengths):
    return np.ones((N, T), bool) if lengths is None else np.arange(T) < np.array(lengths)[:, None]


@options
@of_lengths
def test_an_lstm_s_gates_and_their_gradients(options, lengths):
    it, lengths = traced(LSTM, lengths, **options)
    tau, at = options.get("activation", "tanh"), counted(lengths)
    for name, function in (("i", "sigmoid"), ("f", "sigmoid"), ("g", tau), ("o", "sigmoid")):
        gate, d, dz = (it.values[prefix + name] for prefix in ("", "d", "dz_"))
        assert gate.shape == d.shape == dz.shape == (N, T, H)
        assert np.isnan(gate[~at]).all()
        assert not d[~at].any()
        same((d * apply(slope, function, gate))[at], dz[at])
        assert np.abs(dz[at]).max() > 1e-6
    same(np.concatenate([it.dz_i, it.dz_f, it.dz_g, it.dz_o], 2), it.delta)
    before = np.concatenate([it.c0[:, None], it.c[:, :-1]], 1)
    if options.get("go_backwards"):
        before = np.concatenate([it.c[:, 1:], it.c0[:, None]], 1)
    same((it.f * before + it.i * it.g)[at], it.c[at])
    same((it.o * apply(value, tau, it.c))[at], it.h[at])
    if "bptt_steps" not in options:  # what the first step hands back has the gradient of the state before it
        first = -1 if options.get("go_backwards") else 0
        same(it.dc[0, first] * it.f[0, first], it.dc0[0])


@options
@of_lengths
@pytest.mark.parametrize("reset_after", [True, False])
def test_a_gru_s_gates_and_their_gradients(options, lengths, reset_after):
    it, lengths = traced(GRU, lengths, reset_after=reset_after, **options)
    tau, at = options.get("activation", "tanh"), counted(lengths)
    for name, function in (("g", "sigmoid"), ("r", "sigmoid"), ("c", tau)):
        gate, d, dz = (it.values[prefix + name] for prefix in ("", "d", "dz_"))
        assert np.isnan(gate[~at]).all()
        same((d * apply(slope, function, gate))[at], dz[at])
        assert np.abs(dz[at]).max() > 1e-6
    same(np.concatenate([it.dz_g, it.dz_r, it.dz_c], 2), it.delta)
    same(it.dv[at], (it.dz_c * it.r)[at] if reset_after else (it.dz_c @ it.U[:, 2 * H :].T)[at])
    before = np.concatenate([it.h0[:, None], it.h[:, :-1]], 1)
    if options.get("go_backwards"):
        before = np.concatenate([it.h[:, 1:], it.h0[:, None]], 1)
    same((it.g * before + (1 - it.g) * it.c)[at], it.h[at])


@options
@of_lengths
def test_a_simple_layer_s_states_and_their_gradients(options, lengths):
    it, lengths = traced(SimpleRNN, lengths, **options)
    at = counted(lengths)
    same((it.dh * apply(slope, options.get("activation", "tanh"), it.h))[at], it.delta[at])
    assert it.h.shape == it.dh.shape == (N, T, H)


@pytest.mark.parametrize("layer", [LSTM, GRU, SimpleRNN])
def test_dh_and_dc_are_gradients_of_the_loss(layer):
    """By the states of a stateful layer: what the first step of the rest of a sequence begins with."""
    k = 2
    whole = nn.Sequential([layer(H, name="it", return_sequences=False), Dense(1)], seed=2)
    rest = nn.Sequential([layer(H, name="it", stateful=True, batch_size=N), Dense(1)], seed=2)
    whole.build((T, I), dtype="float64")
    rest.build((T - k, I), dtype="float64")
    for m in (whole, rest):
        m.compile("sgd", "mse")
    of_states = [n for n, name in enumerate(rest.weight_names) if "/state_" in name]
    weights = iter(whole.get_weights())
    rest.set_weights([w if n in of_states else next(weights) for n, w in enumerate(rest.get_weights())])
    it = whole.trace(X, Y)["it"]
    names = ("h", "c") if layer is LSTM else ("h",)
    states = [it.values[name][:, k - 1].copy() for name in names]

    def loss():
        rest.reset_states({"it": states})
        return rest.loss_value(X[:, k:], Y)

    assert loss() == pytest.approx(whole.loss_value(X, Y), rel=1e-12)
    for name, state in zip(names, states, strict=True):
        for place in np.ndindex(state.shape):
            kept, slopes = state[place], []
            for step in (1e-5, -1e-5):
                state[place] = kept + step
                slopes.append(loss())
            state[place] = kept
            found = it.values[f"d{name}"][:, k - 1][place]
            if (
                layer is LSTM and name == "c"
            ):  # dc holds what reaches c by h of its own step, too, which is an input here
                h_part = it.dh[:, k - 1] * it.o[:, k - 1] * (1 - np.tanh(it.c[:, k - 1]) ** 2)
                found -= h_part[place]
            assert (slopes[0] - slopes[1]) / 2e-5 == pytest.approx(found, rel=1e-6, abs=1e-9)
