"""Embedding: what it takes at the door, where it may stand, and PyTorch's results."""

import json

import numpy as np
import pytest
from numba import config

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, DataError, DtypeError, ShapeError
from numbanet.layers import Dense, Embedding, Flatten, Reshape, Residual, TimeDistributed
from tests.models import refuses, same

RANDOM = np.random.default_rng(0)
X = RANDOM.integers(0, 5, (9, 4))  # of 7: two are never named
Y = RANDOM.standard_normal((9, 2)).astype("float32")
METHODS = ["fit", "evaluate", "train_on_batch", "gradients", "input_gradient", "loss_value", "predict"]


def model(*first, shape=(4,), dtype="float32", device="cpu", seed=3, build=True):
    m = nn.Sequential([*(first or [Embedding(7, 3)]), Flatten(name="flat"), Dense(2, name="above")], seed=seed)
    if build:
        m.build(shape, device, dtype)
    m.compile("sgd", "mse")
    return m


def use(m, method, x=X, y=Y):
    data, more = (x,) if method == "predict" else (x, y), {"verbose": 0} if method == "fit" else {}
    return getattr(m, method)(*data, **more)


def test_shapes_and_values():
    for shape in [(4,), (2, 3), (2, 3, 2), (1,)]:
        m = nn.Sequential([Embedding(7, 3)])
        m.build(shape)
        x = RANDOM.integers(0, 7, (5, *shape))
        (table,) = m.get_weights()
        assert m.weight_names == ["embedding/embeddings"]
        assert np.array_equal(m.predict(x), table[x])
    assert table.shape == (7, 3)
    assert 0 < np.abs(table).max() <= 0.05


def test_a_sample_may_be_a_single_index():
    x = RANDOM.integers(0, 7, 9)
    m = nn.Sequential([Embedding(7, 3), Dense(2)], seed=3)
    m.compile("sgd", "mse")
    m.fit(x, Y, epochs=1, verbose=0)
    assert m.predict(x).shape == (9, 2)
    assert m.input_gradient(x, Y).shape == (9,)
    column = model(shape=(1,))
    column.set_weights(m.get_weights())
    assert same(m.gradients(x, Y)[1], column.gradients(x[:, None], Y)[1])
    refuses(lambda: m.predict(x[:, None]), "expected x of shape (N), received (9, 1)")
    refuses(lambda: nn.Sequential([TimeDistributed(Embedding(7, 3))]).build(()), "expected sequences")


def numbers(m, method, x):
    """All that the method computes, in one array."""
    result = use(m, method, x)
    if method in ("fit", "evaluate", "gradients"):
        result = m.get_weights() if method == "fit" else [*result.values()] if method == "evaluate" else result[1]
    return np.concatenate([np.ravel(a) for a in result]) if isinstance(result, list) else np.ravel(result)


@pytest.mark.parametrize("method", METHODS)
def test_indices_of_any_type(method):
    expected = numbers(model(), method, X.astype("float32"))
    for x in (X, *(X.astype(t) for t in ("uint8", "int32", "float64", "float16")), X.tolist(), np.asfortranarray(X)):
        for build in (True, False)[: 1 if method == "predict" else 2]:
            assert np.array_equal(numbers(model(build=build), method, x), expected)


BAD = [
    (7, DataError, "expected whole numbers from 0 to 6 in x. Received: x[3, 1] = 7"),
    (-1, DataError, "x[3, 1] = -1"),
    (2.5, DataError, "x[3, 1] = 2.5"),
    (2**24 + 1, DataError, "x[3, 1] = 16777217"),
    (np.nan, DataError, "x[3, 1] = nan"),
    (np.inf, DataError, "x[3, 1] = inf"),
    (2**60 + 1, DtypeError, "exactly"),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("value", "error", "words"), BAD)
def test_other_numbers_are_refused(method, value, error, words):
    x = X.astype("int64" if isinstance(value, int) else "float32")
    x[3, 1] = value
    for build in (True, False)[: 1 if method == "predict" else 2]:
        m = model(build=build)
        before = m.get_weights() if build else None
        with pytest.raises(error) as caught:
            use(m, method, x)
        assert str(caught.value).startswith(f"{method}: ")
        assert words in str(caught.value)
        assert "Embedding (layer 0, 'embedding')" in str(caught.value) or "whole numbers" not in words
        assert same(before, m.get_weights()) if build else not m.built


def test_a_batch_in_the_models_own_type_is_checked_on_the_short_way():
    m = model()
    x = X.astype("float32")
    m.train_on_batch(x, Y)
    before = m.get_weights()
    for value in (7, -1, 0.5, np.nan, -np.inf, 2.0**30):
        bad = x.copy()
        bad[8, 3] = value
        refuses(lambda bad=bad: m.train_on_batch(bad, Y), "train_on_batch", "x[8, 3]")
    assert same(before, m.get_weights())
    bad[8, 3] = -0.0  # a zero
    m.train_on_batch(bad, Y)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_indices_stay_as_they_were_checked(dtype):
    class Spoils(nn.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            x[...] = 1e9

    x, m = X.astype(dtype), model(dtype=dtype)
    m.fit(x, Y, epochs=2, callbacks=[Spoils()], verbose=0)
    assert all(np.isfinite(w).all() for w in m.get_weights())


def test_it_comes_first_or_after_what_moves_nothing():
    for first in (
        [Reshape((2, 2)), Embedding(7, 3)],
        [layers.Dropout(0.0), Flatten(), Embedding(7, 3)],
        [TimeDistributed(Embedding(7, 3))],
        [TimeDistributed(Flatten()), Embedding(7, 3)],
        [Residual([Embedding(7, 3)], shortcut=Embedding(7, 3, "glorot_uniform"))],
    ):
        m = model(*first, shape=(2, 2))
        assert m.predict(X.reshape(9, 2, 2)).shape == (9, 2)
        refuses(lambda m=m: m.predict(X.reshape(9, 2, 2) + 3), "expected whole numbers from 0 to 6", "= 7")
        assert nn.check_gradients(m, X.reshape(9, 2, 2), Y, verbose=False)
    for below in (Dense(4), layers.Dropout(0.5), Embedding(9, 3, name="other")):
        words = "Embedding (layer 1, 'embedding'): expected indices, received the output of ", "Make it the first layer"
        refuses(lambda below=below: model(below, Embedding(7, 3)), *words)
    two = Residual([Embedding(7, 3)], shortcut=Embedding(7, 3))
    refuses(lambda: model(Dense(4), two), "Residual (layer 1, 'residual'): expected indices")
    refuses(lambda: model(Residual([Dense(4), Embedding(7, 3)])), "Embedding (layer 1, 'embedding')")


def test_the_smaller_of_two_tables_counts():
    m = model(Residual([Embedding(9, 3)], shortcut=Embedding(5, 3)))
    m.predict(X)
    refuses(lambda: m.predict(X + 1), "from 0 to 4")


def test_gradients_of_what_nobody_names_and_of_indices_are_zero():
    m = model()
    gradient = m.gradients(X, Y)[1][0]
    assert not gradient[5:].any()
    assert gradient[:5].any(axis=1).all()
    assert not m.input_gradient(X, Y).any()
    before = m.get_weights()[0]
    m.fit(X, Y, epochs=2, verbose=0)
    assert np.array_equal(m.get_weights()[0][5:], before[5:])


@pytest.mark.compiled
@pytest.mark.parametrize("regularizer", [None, "l2"])
@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_gradients_by_differences(device, regularizer):
    m = model(Embedding(7, 3, "glorot_uniform", regularizer), dtype="float64", device=device)
    report = nn.check_gradients(m, X, Y, verbose=False)
    assert report, str(report)
    assert [row.name for row in report.rows] == m.weight_names


@pytest.mark.parametrize("shape", [(4,), (2, 2)])
def test_training_is_that_of_torch(shape):
    torch = pytest.importorskip("torch")
    m = model(shape=shape, dtype="float64")
    x = X.reshape(9, *shape)
    table, w, b = (torch.tensor(a) for a in m.get_weights())
    theirs = torch.nn.Sequential(torch.nn.Embedding(7, 3, _weight=table), torch.nn.Flatten(), torch.nn.Linear(12, 2))
    theirs.double()[2].load_state_dict({"weight": w.T, "bias": b})
    optimizer = torch.optim.SGD(theirs.parameters(), 0.01)
    for _ in range(5):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(theirs(torch.tensor(x)), torch.tensor(Y.astype("float64")))
        loss.backward()
        optimizer.step()
        assert m.train_on_batch(x, Y) == pytest.approx(loss.item(), rel=1e-12)
    for found, expected in zip(m.get_weights(), [*theirs.parameters()], strict=True):
        expected = expected.detach().numpy()
        assert np.allclose(found, expected if found.shape == expected.shape else expected.T, rtol=0, atol=1e-12)


@pytest.mark.compiled
def test_one_weight_pattern_on_any_number_of_threads():
    x, y = RANDOM.integers(0, 300, (128, 50)), RANDOM.standard_normal((128, 2)).astype("float32")
    before, found = nn.get_num_threads(), set()
    try:
        for count in [c for c in (1, 2, 4, 8) if c <= config.NUMBA_NUM_THREADS]:
            nn.set_num_threads(count)
            m = model(Embedding(1000, 200), shape=(50,))
            m.fit(x, y, batch_size=64, epochs=2, verbose=0)
            found.add(b"".join(w.tobytes() for w in m.get_weights()))
    finally:
        nn.set_num_threads(before)
    assert len(found) == 1


def test_configuration_and_bounds():
    layer = Embedding(2**24, 1, nn.initializers.RandomUniform(-1, 2), "l1", name="words")
    config = json.loads(json.dumps(layer.get_config()))
    assert Embedding.from_config(config).get_config() == config
    with pytest.raises(ArgumentError, match=r"^Embedding: input_dim must be at most 2\^24 = 16777216.*=16777217$"):
        Embedding(2**24 + 1, 1)
    with pytest.raises(ShapeError, match=r"expected x of shape \(N, 4\), received \(9, 3\)"):
        model().predict(X[:, :3])
