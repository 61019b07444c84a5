import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, ShapeError, StateError
from numbanet.teach import layer_output
from tests.models import X, model, same, train


def test_each_layer_says_what_it_gives_the_next():
    m = train(model("adam", dropout=0.5, device="reference"))
    before = m.get_weights()
    hidden, dropped, last = (layer_output(m, X, layer.name) for layer in m.layers)
    w, b, w1, b1 = before
    assert np.allclose(layer_output(m, X, "dense"), hidden)
    assert np.array_equal(hidden, dropped), "as in prediction: nothing is dropped"
    assert np.array_equal(last, m.predict(X))
    assert np.allclose(hidden @ w1 + b1, last, atol=1e-6)
    assert np.abs(hidden - (X @ w + b)).max() > 1e-3, "with its activation"
    assert same(m, before)


def test_the_model_goes_on_training_as_if_nothing_were():
    a, b = train(model("adam")), train(model("adam"))
    layer_output(a, X, "dense")
    assert same(train(a), train(b))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_model_s_type_and_device(dtype):
    m = model(dtype=dtype, device="reference")
    assert layer_output(m, X.astype(dtype), "dense").dtype == dtype


def test_what_cannot_be_looked_at():
    m = model()
    with pytest.raises(ArgumentError, match="'nope'"):
        layer_output(m, X, "nope")
    with pytest.raises(ShapeError, match=r"\(N, 4\)"):
        layer_output(m, X[:, :3], "dense")
    with pytest.raises(StateError, match="layer_output"):
        layer_output(nn.Sequential([layers.Dense(3)]), X, "dense")
