import numpy as np
import pytest

import numbanet as nn
from numbanet.errors import ArgumentError
from numbanet.layers import GRU, LSTM, Dense, SimpleRNN
from numbanet.teach import gates

N, T, I, H = 3, 6, 2, 4
x = np.random.default_rng(0).normal(size=(N, T, I))

both_ways = pytest.mark.parametrize("back", [False, True], ids=["forwards", "backwards"])


def model(layer, back=False, **options):
    m = nn.Sequential([LSTM(3, return_sequences=True), layer(H, go_backwards=back, name="it", **options), Dense(1)])
    m.build((T, I), dtype="float64")
    return m


def before_and_after(a, back):
    """The states before and after each step, in the input's time."""
    zero = np.zeros((N, 1, H))
    return (np.concatenate([a[:, 1:], zero], 1) if back else np.concatenate([zero, a[:, :-1]], 1)), a


@both_ways
def test_the_equations_of_an_lstm_hold_for_what_is_shown(back):
    m = model(LSTM, back)
    seen = gates(m, x, "it")
    assert list(seen) == ["i", "f", "candidate", "o", "c", "h"]
    assert {a.shape for a in seen.values()} == {(N, T, H)}
    c, new = before_and_after(seen["c"], back)
    np.testing.assert_allclose(seen["f"] * c + seen["i"] * seen["candidate"], new, rtol=1e-12)
    np.testing.assert_allclose(seen["o"] * np.tanh(new), seen["h"], rtol=1e-12)
    last = nn.teach.layer_output(m, x, "it")
    assert np.array_equal(seen["h"][:, 0 if back else -1], last)


@both_ways
@pytest.mark.parametrize("reset_after", [True, False])
def test_the_equations_of_a_gru_hold_for_what_is_shown(back, reset_after):
    seen = gates(model(GRU, back, reset_after=reset_after), x, "it")
    assert list(seen) == ["update", "reset", "candidate", "h"]
    h, new = before_and_after(seen["h"], back)
    np.testing.assert_allclose(seen["update"] * h + (1 - seen["update"]) * seen["candidate"], new, rtol=1e-12)
    assert (seen["reset"] > 0).all()
    assert (seen["reset"] < 1).all()


def test_a_simple_layer_has_no_gates():
    assert list(gates(model(SimpleRNN), x, "it")) == ["h"]


def test_steps_that_do_not_count_have_no_gates():
    lengths = np.array([2, T, 1])
    seen = gates(model(LSTM), x, "it", lengths)
    counted = np.arange(T) < lengths[:, None]
    assert np.isnan(seen["f"][~counted]).all()
    assert np.isfinite(seen["f"][counted]).all()
    assert (seen["h"][0, 2:] == seen["h"][0, 1]).all(), "the state is carried on"
    assert np.array_equal(seen["h"][1], gates(model(LSTM), x, "it")["h"][1])


def test_only_a_recurrent_layer_has_gates():
    with pytest.raises(ArgumentError, match="layer must be the name of a SimpleRNN, LSTM or GRU"):
        gates(model(LSTM), x, "dense")
