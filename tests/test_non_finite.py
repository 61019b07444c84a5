"""NaN and infinity in a training step: found within the step, named, and nothing is lost."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, optimizers
from numbanet.callbacks import Callback, TerminateOnNaN
from numbanet.errors import NonFiniteError
from numbanet.kernels._kernel import kernel
from numbanet.program import Call
from numbanet.step import TRAIN
from tests.models import LABELS, X, model, refuses, same

RNG = np.random.default_rng(0)


@kernel()
def poison(place, value, a):
    a[place] = value


@pytest.fixture(autouse=True)
def quiet_scalars():
    """In plain Python the loops are NumPy's scalars, which warn of overflow and of inf - inf themselves."""
    with np.errstate(all="ignore"):
        yield


def images():
    m = nn.Sequential(
        [
            layers.Conv2D(3, 3, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Conv2D(4, 3),
            layers.LeakyReLU(),
            layers.AveragePooling2D(2),
            layers.LayerNormalization(),
            layers.Flatten(),
            layers.Dense(6, activation="tanh"),
            layers.Dropout(0.5),
            layers.Dense(5),
            layers.Softmax(),
        ]
    )
    m.compile("adam", nn.losses.SparseCategoricalCrossentropy(from_logits=False))
    m.build((8, 8, 2))
    return m, RNG.standard_normal((4, 8, 8, 2)).astype("float32"), np.arange(4)


def sequences():
    m = nn.Sequential([layers.LSTM(5, return_sequences=True), layers.GRU(4), layers.Dense(3, activation="sigmoid")])
    m.compile(optimizers.Adam(clipnorm=1.0, gradient_accumulation_steps=2), "mse")
    m.build((6, 3))
    return m, RNG.standard_normal((4, 6, 3)).astype("float32"), RNG.random((4, 3)).astype("float32")


def first_program(m):
    """What the first step of a model runs."""
    step = m._steps.step(TRAIN, 4)
    return step.accumulating or step.program


def written_by(call):
    """The last array that a call writes, flat; None where that is not of floats, or is not the model's."""
    a = call.arguments[-1]
    looked_at = call.owner not in ("data", "check", "optimizer") and isinstance(a, np.ndarray)
    return a.reshape(-1) if looked_at and a.dtype.kind == "f" else None


def error_of(m, x, y):
    """What a step raises, or None."""
    try:
        m.train_on_batch(x, y)
    except NonFiniteError as error:
        return error
    return None


@pytest.mark.parametrize("make", [images, sequences])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_bad_number_behind_any_call_is_found_in_the_step_and_named(make, value):
    m, x, y = make()
    weights, places, unread = m.get_weights(), 0, 0
    m.train_on_batch(x, y)
    expected = [*m.get_weights(), *m.last_gradients().values()]
    m = make()[0]
    for k in range(len(first_program(m).calls)):
        program = first_program(m)
        call = program.calls[k]
        if (written := written_by(call)) is None:
            continue
        arguments = (written.size // 2, np.float32(value), written)
        program.calls.insert(k + 1, Call(call.owner, poison, arguments))
        program.finish()
        places += 1
        error = error_of(m, x, y)
        if error:
            assert error.layer == call.owner, error
            assert f"of {call.owner!r}" in str(error)
            assert not np.isfinite(error.value)
            assert error.step == 1
            assert same(m.get_weights(), weights), "the weights, and the running statistics, are those before"
            del program.calls[k + 1]
            program.finish()
        else:  # nothing reads that element, or a sigmoid makes 1 of infinity
            unread += 1
            found = [*m.get_weights(), *m.last_gradients().values()]
            assert all(np.isfinite(a).all() for a in found)
            assert np.isinf(value) or same(found, expected), call
            m = make()[0]
    assert places > 25
    assert unread <= places / 5


@pytest.mark.parametrize("what", ["input", "targets", "sample_weight", "dense/kernel"])
@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_what_a_step_is_given_is_named(what, value):
    """The door refuses such data; they come by a callback, or by set_weights."""
    m = nn.Sequential([layers.Dense(3, activation="relu"), layers.Dense(2)])
    m.compile("sgd", "mse")
    x, y = np.ones((4, 5), "float32"), np.ones((4, 2), "float32")
    m.train_on_batch(x, y)
    step = m._steps.step(TRAIN, 4)
    step.x[...], step.targets[...] = x, y
    place = {"input": step.x, "targets": step.targets, "sample_weight": step.weights}.get(
        what, m._network.slots[0].value
    )
    place.reshape(-1)[1] = value
    with pytest.raises(
        NonFiniteError, match=r"The model has the weights|An update, or set_weights, made it so"
    ) as caught:
        step.run()
    assert caught.value.layer == what.partition("/")[0]
    assert caught.value.step == 2
    assert caught.value.index == ((0, 1) if place.ndim == 2 else (1,))


class Spoil(Callback):
    """Puts a value into a weight before a step."""

    def __init__(self, step, value=np.inf):
        self.step, self.value = step, value

    def on_train_batch_begin(self, batch, logs=None):
        if self.model.steps_trained == self.step - 1:
            kernel, *others = self.model.get_weights()
            self.before = others
            kernel[2, 1] = self.value
            self.model.set_weights([kernel, *others])


def test_fit_raises_at_the_step_and_names_the_parameter():
    m = model("adam", dropout=0.2)
    spoil = Spoil(7)
    with pytest.raises(
        NonFiniteError, match=r"step 7, learning rate 0.001: kernel\[2, 1\] = inf of 'dense'\. An update"
    ) as caught:
        m.fit(X, LABELS, 5, epochs=4, verbose=0, callbacks=[spoil])
    error = caught.value
    assert (error.layer, error.step, error.array, error.index, error.value) == ("dense", 7, "kernel", (2, 1), np.inf)
    assert m.steps_trained == 6
    assert same(m.get_weights()[1:], spoil.before)
    assert m.history.epoch == [0]
    assert isinstance(error, FloatingPointError)


def overflowing(optimizer, value=-1.0):
    """A model, and two samples whose loss is finite and whose gradient is not: the sum of two times 3e38."""
    m = nn.Sequential([layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    m.compile(optimizer, "mae")
    m.build((1,))
    return m, np.full((2, 1), 3e38, "float32"), np.full((2, 1), value, "float32"), np.full(2, 2.0, "float32")


def test_a_gradient_that_overflows_is_found_before_the_update():
    m, x, y, weights = overflowing(optimizers.SGD(1e-40))
    with pytest.raises(NonFiniteError, match=r"step 1, learning rate 1e-40: dw.* of 'dense', which dense") as caught:
        m.train_on_batch(x, y, weights)
    assert (caught.value.layer, caught.value.array) == ("dense", "dw")
    assert not m.get_weights()[0].any()


def test_a_refused_step_is_in_no_metric():
    m, x, y, weights = overflowing(optimizers.SGD(1e-40))
    x, y = np.concatenate([np.zeros_like(x), x]), np.concatenate([y, 100 * y])
    with pytest.warns(RuntimeWarning, match="fit ends: step 2"):
        history = m.fit(
            x, y, 2, 1, sample_weight=np.tile(weights, 2), shuffle=False, verbose=0, callbacks=[TerminateOnNaN("stop")]
        )
    assert m._steps.results()["loss"] == 2
    assert history.epoch == []


@pytest.mark.compiled
def test_the_last_update_may_be_the_one_that_overflows(tmp_path):
    m = model(optimizers.SGD(1e39))
    with pytest.raises(NonFiniteError, match=r"step 1, learning rate 1e\+39: .*An update, or set_weights, made it so"):
        m.fit(X, LABELS, len(X), verbose=0)
    with pytest.raises(NonFiniteError, match="step 1"):
        m.save_checkpoint(tmp_path / "a.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_a_penalty_that_overflows_is_its_layers():
    m = nn.Sequential([layers.Dense(3, kernel_regularizer=nn.regularizers.L2(1e38), kernel_initializer="ones")])
    m.compile("sgd", "mse")
    with pytest.raises(NonFiniteError, match=r"of 'dense', which regularization.penalty wrote") as caught:
        m.train_on_batch(np.ones((2, 4), "float32"), np.ones((2, 3), "float32"))
    assert caught.value.layer == "dense"


def test_stop_ends_the_training_with_the_last_good_weights():
    a, b, spoil = model("adam"), model("adam"), Spoil(8)
    with pytest.warns(RuntimeWarning, match=r"fit ends: step 8, learning rate 0.001: kernel") as warned:
        history = a.fit(X, LABELS, 5, epochs=4, verbose=0, callbacks=[spoil, TerminateOnNaN("stop")])
    assert [w.filename for w in warned] == [__file__]
    b.fit(X, LABELS, 5, epochs=1, verbose=0)
    assert history.epoch == [0]
    assert a.stop_training
    assert history.history == b.history.history
    assert a.steps_trained == 7
    assert same(a.get_weights()[1:], spoil.before)


@pytest.mark.compiled
def test_ignore_trains_on():
    m = model("adam")
    with pytest.warns(RuntimeWarning, match="the loss is .* after epoch 2"):
        m.fit(X, LABELS, 5, epochs=4, verbose=0, callbacks=[Spoil(8, np.nan), TerminateOnNaN("ignore")])
    assert m.steps_trained == 20
    assert np.isnan(m.get_weights()[0]).any()


def test_training_goes_on_after_the_error_to_the_same_bits():
    a, b = model("adam", dropout=0.3), model("adam", dropout=0.3)
    for m in (a, b):
        m.train_on_batch(X[:8], LABELS[:8])
    weights = a.get_weights()
    a.set_weights([w + np.float32(np.nan) for w in weights])
    with pytest.raises(NonFiniteError):
        a.train_on_batch(X[:8], LABELS[:8])
    a.set_weights(weights)
    for m in (a, b):
        m.train_on_batch(X[8:16], LABELS[8:16])
    assert same(a, b)
    assert a.steps_trained == b.steps_trained == 2


@pytest.mark.parametrize(
    "layer", [layers.ReLU(), layers.MaxPooling2D(2), layers.GlobalMaxPooling2D(), layers.Softmax()]
)
@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_nan_passes_through(layer, device):
    m = nn.Sequential([type(layer).from_config(layer.get_config())])
    m.build((4, 4, 2), device)
    step = nn.steps.Steps(m._network).step(nn.step.PREDICT, 1)
    step.x[...] = 1
    step.x[0, 1, 1, 0] = np.nan
    step.run()
    assert np.isnan(step.y).any()


def test_arguments():
    refuses(lambda: TerminateOnNaN("halt"), "TerminateOnNaN", "action", "'halt'")
