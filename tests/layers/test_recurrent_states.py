"""States that a user gives and takes: initial_state and return_state of a Sequential."""

import numpy as np
import pytest

import numbanet as nn
from numbanet.errors import ArgumentError, DataError, DtypeError, ShapeError, StateError
from numbanet.layers import GRU, LSTM, Bidirectional, Dense, SimpleRNN

N, T, I, H = 3, 5, 2, 4
COUNT = {SimpleRNN: 1, LSTM: 2, GRU: 1}

every_layer = pytest.mark.parametrize("layer", COUNT, ids=lambda layer: layer.__name__)


def network(layer, steps, **options):
    made = nn.Sequential([layer(H, stateful=True, batch_size=N, name="cell", **options), Dense(2)], seed=1)
    made.build((steps, I), dtype="float64")
    return made


def sequences(steps=T):
    return np.random.default_rng(0).normal(size=(N, steps, I))


@every_layer
def test_a_sequence_goes_on_in_another_model(layer):
    """As an encoder hands its state to a decoder."""
    x = sequences()
    expected = network(layer, T).predict(x)
    first, second = network(layer, 3), network(layer, T - 3)
    first.predict(x[:, :3])
    states = first.get_states()
    assert [s.shape for s in states["cell"]] == [(N, H)] * COUNT[layer]
    second.reset_states(states)
    np.testing.assert_allclose(second.predict(x[:, 3:]), expected, rtol=1e-12)


@every_layer
def test_states_are_copies(layer):
    m = network(layer, T)
    m.predict(sequences())
    m.get_states()["cell"][0][...] = 7
    given = {"cell": [np.full((N, H), 0.5)] * COUNT[layer]}
    m.reset_states(given)
    m.predict(sequences())
    assert (given["cell"][0] == 0.5).all()
    assert not (m.get_states()["cell"][0] == 7).any()


def test_layers_that_are_not_named_begin_with_zeros():
    cells = [LSTM(H, stateful=True, batch_size=N, return_sequences=True, name=name) for name in ("one", "two")]
    m = nn.Sequential(cells)
    m.build((T, I))
    m.predict(sequences().astype("float32"))
    kept = m.get_states()["two"]
    m.reset_states({"two": kept})
    found = m.get_states()
    assert not any(s.any() for s in found["one"])
    assert all(map(np.array_equal, found["two"], kept))


def test_both_ways_have_states():
    m = nn.Sequential([Bidirectional(LSTM(H, stateful=True, batch_size=N), name="both")])
    m.build((T, I))
    m.predict(sequences().astype("float32"))
    assert [s.shape for s in m.get_states()["both"]] == [(N, H)] * 4


def test_a_state_that_does_not_fit_is_refused_and_nothing_is_changed():
    m = network(LSTM, T)
    m.predict(sequences())
    before = m.get_states()["cell"]
    good = np.zeros((N, H))
    for states, error, match in (
        ({"cell": [good]}, ShapeError, "expected 2 arrays, received 1"),
        ({"cell": [good, np.zeros((N, H + 1))]}, ShapeError, rf"state 1 of 'cell' of shape \({N}, {H}\)"),
        ({"cell": [good, np.full((N, H), np.nan)]}, DataError, "state 1 of 'cell'"),
        ({"cell": [good, good.astype(complex)]}, DtypeError, "state 1"),
        ({"cell": good}, ArgumentError, "a list of arrays"),
        ({"dense": [good]}, ArgumentError, r"\['cell'\]"),
        ([good, good], ArgumentError, "a dict"),
    ):
        with pytest.raises(error, match=match):
            m.reset_states(states)
    assert all(map(np.array_equal, m.get_states()["cell"], before))


def test_a_model_without_states():
    m = nn.Sequential([LSTM(H)])
    with pytest.raises(StateError, match="get_states"):
        m.get_states()
    m.build((T, I))
    assert m.get_states() == {}
    m.reset_states()
