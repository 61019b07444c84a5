"""Models as pickles: the copy has the same weights, and its next step the same bits."""

import copy
import pickle

import numpy as np
import pytest

import numbanet as nn
from numbanet.errors import StateError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 6)).astype(np.float32)
Y = RNG.integers(3, size=24)


def trained():
    layers = [nn.layers.Dense(5, activation="tanh"), nn.layers.BatchNormalization(), nn.layers.Dropout(0.3)]
    model = nn.Sequential([*layers, nn.layers.Dense(3)], seed=4, name="small")
    model.compile(nn.optimizers.Adam(1e-2), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    return model


class _Wide(nn.Sequential):
    """With arguments of its own."""

    def __init__(self, width):
        super().__init__([nn.layers.Dense(width)])
        self.width = width
        self.build((4,))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_goes_on_to_the_same_bits_and_leaves_the_first_alone(copied):
    model = trained()
    other = copied(model)
    assert other.name == "small"
    assert other.history.history == model.history.history
    before = model.get_weights()
    other.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    assert any(not np.array_equal(a, b) for a, b in zip(before, other.get_weights(), strict=True))
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_models_that_are_not_built_or_not_compiled_are_copied_too():
    model = nn.Sequential([nn.layers.Dense(2)], seed=3)
    assert not copy.deepcopy(model).built
    model.build((4,), dtype="float64")
    other = pickle.loads(pickle.dumps(model))
    x = RNG.normal(size=(5, 4))
    np.testing.assert_array_equal(other.predict(x), model.predict(x))
    with pytest.raises(StateError, match="compile"):
        other.train_on_batch(x, x[:, :2])


def test_a_model_in_the_middle_of_a_fit_is_no_pickle():
    class Copies(nn.callbacks.Callback):
        def on_epoch_end(self, epoch, logs):
            pickle.dumps(self.model)

    with pytest.raises(StateError, match="pickle: not while fit runs"):
        trained().fit(X, Y, verbose=0, callbacks=[Copies()])


def test_a_subclass_and_what_its_users_put_there_come_along():
    model = _Wide(7)
    model.partner = model
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert type(other) is _Wide
        assert (other.width, other.layers[0].units) == (7, 7)
        assert other.partner is other
        assert other.built


def test_an_average_that_takes_the_place_of_the_weights_is_known_as_one():
    model = nn.Sequential([nn.layers.Dense(3)])
    model.compile(nn.optimizers.Adam(1e-2, use_ema=True), nn.losses.SparseCategoricalCrossentropy())
    for _ in range(3):
        model.train_on_batch(X, Y)
    model.swap_average()
    other = copy.deepcopy(model)
    np.testing.assert_array_equal(other.predict(X), model.predict(X))
    for each in (model, other):
        with each._steps.unswapped():
            each.note = each.get_weights()
    for a, b in zip(model.note, other.note, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_seed_of_the_copy_is_that_of_the_build():
    model = trained()
    model.seed = 9
    other = copy.deepcopy(model)
    for each in (model, other):
        each.train_on_batch(X, Y)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_layers_that_were_frozen_since_compile_are_no_pickle():
    model = trained()
    model.layers[0].trainable = False
    with pytest.raises(StateError, match="frozen or unfrozen since compile"):
        pickle.dumps(model)
    model.compile("adam", nn.losses.SparseCategoricalCrossentropy())
    assert pickle.loads(pickle.dumps(model))._network.trained_size == model._network.trained_size
