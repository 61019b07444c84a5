"""Frozen layers: what training leaves as it is, and the backward passes that it does not take."""

from collections import Counter
from copy import deepcopy

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, StateError
from numbanet.kernels import dense
from numbanet.program import Program
from tests.layers.test_layer_contract import CASES, NAMES, every_class, identity, make, plain
from tests.models import refuses

WITH_PARAMETERS = [
    (name, shapes[0], arguments)
    for name, (shapes, configs) in CASES.items()
    for arguments in (configs[:2] if name == "Dense" else configs)
    if make(name, arguments).describe(shapes[0]).parameters
]
every_trained_layer = pytest.mark.parametrize(("name", "shape", "arguments"), WITH_PARAMETERS, ids=identity)

# what is left of the backward pass of a frozen layer, in its first case
LEFT = {
    "BatchNormalization": ["backward_input_of_inference"],
    "Bidirectional": ["concatenate_backward", "backward", "backward_input", "backward", "backward_input", "forward"],
    "Conv1D": ["backward_input"],
    "Conv2D": ["backward_input"],
    "Conv2DTranspose": ["forward_without_bias"],
    "Dense": ["backward_input"],
    "DepthwiseConv2D": ["backward_input"],
    "GRU": ["backward", "backward_input"],
    "GroupNormalization": ["backward_samples", "backward_input"],
    "LSTM": ["backward", "backward_input"],
    "LayerNormalization": ["backward_input"],
    "Normalization": ["backward"],
    "Residual": ["linear", "tanh_backward", "backward_input", "forward"],
    "SimpleRNN": ["backward", "backward_input"],
    "TimeDistributed": ["gelu_backward", "backward_input"],
}


def model(middle, shape, *, below=True, dtype="float64", seed=3):
    """Layers between one below, which keeps the shape, and one above."""
    keeps = {1: layers.Dense, 2: lambda c: layers.Conv1D(c, 1), 3: lambda c: layers.Conv2D(c, 1)}[len(shape)](shape[-1])
    keeps.name = "below"
    middle = middle if isinstance(middle, list) else [middle]
    m = nn.Sequential([keeps] * below + [*middle, layers.Flatten(), layers.Dense(2, name="above")], seed=seed)
    m.build(shape, dtype=dtype)
    m.compile("sgd", "mse")
    return m


def data(m, n=5):
    random = np.random.default_rng(n)
    x, y = random.standard_normal((n, *m._network.input_shape)), random.standard_normal((n, 2))
    limit = m.layers[0].index_limit
    return (x if limit is None else random.integers(0, limit, x.shape).astype(x.dtype)), y


def fresh(name, arguments, /, **more):
    """The layer, which may freeze the layers inside, with layers of its own."""
    return make(name, deepcopy(arguments), **more)


def pair(name, shape, arguments):
    """Models with and without the layer frozen, of the same weights."""
    below = name != "Embedding"
    return [model(fresh(name, arguments, name="it", trainable=on), shape, below=below) for on in (False, True)]


def weights(m):
    return dict(zip(m.weight_names, m.get_weights(), strict=True))


def gradients(m, training):
    """By their names, with that of the input."""
    names = [f"{slot.layer}/{slot.parameter.name}" for slot in m._network.trained]
    x, y = data(m)
    _, found = m.gradients(x, y, training=training)
    return dict(zip(names, found, strict=True)) | {"input": m.input_gradient(x, y, training=training)}


def backward_calls(m, training=True):
    """The calls of the backward pass of a training step."""
    program = Program(m._network.device)
    m._network.backward(program, 5, training, False)
    return program.calls


def of(calls, owner):
    return [call.kernel.__name__ for call in calls if call.owner.split("/")[0] == owner]


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def changed(m, steps=2, n=5):
    """The layers whose parameters training changes."""
    before = weights(m)
    for _ in range(steps):
        m.train_on_batch(*data(m, n))
    return sorted({name.rpartition("/")[0] for name, a in weights(m).items() if not np.array_equal(a, before[name])})


@every_trained_layer
def test_a_frozen_layer_keeps_its_weights_and_the_others_their_gradients(name, shape, arguments):
    frozen, usual = pair(name, shape, arguments)
    assert same(weights(frozen), weights(usual))
    assert frozen.weight_names == usual.weight_names
    for training in (False, True) if "BatchNorm" not in name + str(arguments) else (False,):
        found, expected = gradients(frozen, training), gradients(usual, training)
        assert same(found, {key: a for key, a in expected.items() if not key.startswith("it/")})
    assert changed(frozen) == ["above", "below"][: 1 + (name != "Embedding")]


@every_trained_layer
def test_a_frozen_layer_has_no_call_that_computes_its_gradients(name, shape, arguments):
    frozen, usual = (backward_calls(m, training=False) for m in pair(name, shape, arguments))
    left, all_of_them = Counter(of(frozen, "it")), Counter(of(usual, "it"))
    parameters = make(name, arguments).describe(shape).parameters
    assert left <= all_of_them
    assert left.total() <= all_of_them.total() - sum(p.trainable for p in parameters)
    assert of(frozen, "below") == of(usual, "below")
    assert not any(argument is None for call in frozen for argument in call.arguments)
    if arguments is CASES[name][1][0] and name != "Embedding":
        assert of(frozen, "it") == LEFT[name]


@every_trained_layer
def test_where_nothing_below_is_trained_there_is_no_backward_pass(name, shape, arguments):
    m = model([fresh(name, arguments, name="it", trainable=False), layers.ReLU(name="relu")], shape, below=False)
    assert {call.owner for call in backward_calls(m)} == {"above"}
    assert changed(m) == ["above"]


def test_a_layer_above_frozen_ones_computes_no_gradient_of_its_input():
    m = model([layers.Dense(4, name="it"), layers.Dropout(0.3), layers.Dense(3, "tanh", name="next")], (4,))
    m.layers[0].trainable = m.layers[1].trainable = False
    m.compile("sgd", "mse")
    calls = backward_calls(m)
    assert of(calls, "below") == of(calls, "it") == of(calls, "dropout") == []
    assert of(calls, "next") == ["tanh_backward", "backward_kernel", "backward_bias"]
    assert of(calls, "above") == ["backward_kernel", "backward_bias", "backward_input"]
    assert changed(m) == ["above", "next"]


def test_only_the_layer_that_is_trained_inside_a_block_computes_gradients():
    block = layers.Residual([layers.Dense(4, "tanh", name="a"), layers.Dense(4, name="b")], layers.Dense(4, name="s"))
    m = model([block], (4,), below=False)
    for free, expected in (("b", ["b"]), ("a", ["a", "b"]), ("s", ["s"])):
        block.trainable = False
        next(layer for layer in block.inner_layers if layer.name == free).trainable = True
        m.compile("sgd", "mse")
        calls = [call for call in backward_calls(m) if call.owner != "above"]
        assert [call.kernel.__name__ for call in calls if call.owner == "residual"] == ["linear"]
        assert sorted({call.owner for call in calls}) == ["residual", *(f"residual/{name}" for name in expected)]
        assert changed(m) == ["above", f"residual/{free}"]
        assert nn.check_gradients(m, *data(m, 2), verbose=False)


def test_a_frozen_batch_normalisation_stays_as_in_inference():
    for arguments in ({}, {"center": False, "scale": False}):
        m = model(layers.BatchNormalization(name="it", trainable=False, **arguments), (4,))
        kept = [np.full(4, 0.5 + k) for k, name in enumerate(m.weight_names) if name.startswith("it/")]
        m.set_weights([*m.get_weights()[:2], *kept, *m.get_weights()[-2:]])
        x, y = data(m)
        assert m.loss_value(x, y, training=True) == m.loss_value(x, y, training=False)
        assert same(gradients(m, True), gradients(m, False))
        assert nn.check_gradients(m, x[:2], y[:2], verbose=False)
        assert changed(m) == ["above", "below"]
        assert [a.tolist() for name, a in weights(m).items() if name.startswith("it/")] == [a.tolist() for a in kept]
        m.layers[1].trainable = True
        m.compile("sgd", "mse")
        assert m.loss_value(x, y, training=True) != m.loss_value(x, y, training=False)
        assert changed(m) == ["above", "below", "it"]


def test_a_frozen_dropout_goes_on_dropping():
    frozen, usual = (model(layers.Dropout(0.5, name="it", trainable=on), (4,)) for on in (False, True))
    assert same(gradients(frozen, True), gradients(usual, True))
    assert not same(gradients(frozen, True), gradients(frozen, False))


def test_a_frozen_recurrent_layer_carries_its_states_on():
    m = model(layers.LSTM(3, stateful=True, batch_size=5, name="it", trainable=False), (4, 2))
    before = {name: a for name, a in weights(m).items() if "it/" in name}
    assert changed(m) == ["above", "below", "it"]
    assert all(np.any(weights(m)[f"it/state_{state}"]) for state in "hc")
    m.reset_states()
    assert same({name: weights(m)[name] for name in before}, before)


@pytest.mark.parametrize("wrapper", ["Residual", "Bidirectional", "TimeDistributed"])
def test_layers_inside_follow_the_one_that_holds_them(wrapper):
    outer = fresh(wrapper, CASES[wrapper][1][0])
    outer.trainable = False
    assert not any(layer.trainable for layer in outer.inner_layers)
    outer.inner_layers[-1].trainable = True
    assert outer.trainable
    outer.trainable = True
    assert all(layer.trainable for layer in outer.inner_layers)


def nested():
    return [layers.Dense(4, name="it"), layers.Residual([layers.BatchNormalization(), layers.Dense(4)], name="block")]


def test_freezing_and_unfreezing_counts_from_the_next_compile():
    m = model(nested(), (4,))
    m.fit(*data(m), epochs=2, verbose=0)
    everything = ["above", "below", "block/batch_normalization", "block/dense", "it"]
    for _ in range(2):
        m.trainable = False
        m.layers[0].trainable = True
        for n in (5, 9):  # also the steps that are recorded now
            assert changed(m, n=n) == everything
        before, calls = weights(m), len(backward_calls(m))
        m.compile("adam", "mse")
        assert same(weights(m), before)
        assert len(backward_calls(m)) < calls
        assert m.epochs_trained == 2
        m.trainable = True
        for n in (9, 12):
            assert changed(m, n=n) == ["below"]
        m.compile("sgd", "mse")
        assert changed(m) == everything


def test_compile_keeps_the_network_where_nothing_was_frozen():
    m = model(nested(), (4,))
    network = m._network
    m.compile("adam", "mse")
    assert m._network is network


def test_a_compile_that_fails_freezes_nothing():
    m = model(nested(), (4,))
    m.trainable = False
    with pytest.raises(ArgumentError):
        m.compile("sgd", "mse", [nn.metrics.SparseCategoricalAccuracy()])
    assert "above" in changed(m)


def test_a_model_of_frozen_layers_cannot_be_fitted():
    m = model(nested(), (4,))
    m.trainable = False
    assert not m.trainable
    m.compile("adam", "mse")
    before = weights(m)
    with pytest.raises(StateError, match=r"expected a model with parameters to train.*trainable to True and compile"):
        m.fit(*data(m), verbose=0)
    assert m.gradients(*data(m))[1] == []
    assert np.any(m.input_gradient(*data(m)))
    assert same(weights(m), before)


def test_the_penalty_of_frozen_parameters_is_left_out_as_in_keras():
    regularized, plain_one = (
        model(layers.Dense(4, kernel_regularizer=r, bias_regularizer=r, name="it"), (4,)) for r in ("l1_l2", None)
    )
    x, y = data(regularized)
    assert regularized.loss_value(x, y) > plain_one.loss_value(x, y)
    regularized.layers[1].trainable = False
    regularized.compile("sgd", "mse")
    assert regularized.loss_value(x, y) == plain_one.loss_value(x, y)


def test_summary_says_what_is_frozen(capsys):
    m = model(nested(), (4,))
    m.layers[1].trainable = m.layers[2].inner_layers[0].trainable = False
    m.compile("sgd", "mse")
    m.summary()
    shown = capsys.readouterr().out
    assert "Dense (frozen)" in shown
    assert "Residual (partly frozen)" in shown
    assert "86 parameters: 50 trained, 36 frozen\n" in shown


@every_class
def test_every_layer_takes_and_keeps_it(name):
    for arguments in CASES[name][1]:
        layer = fresh(name, arguments, trainable=False)
        assert layer.trainable is layer.get_config()["trainable"] is False
        assert type(layer).from_config(plain(layer)).get_config() == layer.get_config()
        assert eval(repr(layer), NAMES).get_config() == layer.get_config()
        layer.trainable = True
        assert layer.get_config()["trainable"] is True
        for bad in (None, 1, "no"):
            refuses(lambda v=bad, a=arguments: fresh(name, a, trainable=v), f"{name}: trainable must be True or False")
            refuses(lambda v=bad, of=layer: setattr(of, "trainable", v), f"{name}: trainable must be True or False")


class _Own(layers.Layer):
    """A layer whose author did not think of freezing: it takes a name alone. Its weights are no states."""

    def __init__(self, name=None):
        super().__init__(name)

    def describe(self, input_shape):
        square = layers.Parameter("state_kernel", input_shape * 2, nn.initializers.GlorotUniform())
        return layers.Description(input_shape, (square,))

    def forward(self, program, t, training):
        program.call(program.kernels(dense).forward_without_bias, t.x, t.parameters["state_kernel"], t.y)

    def backward(self, program, t):
        program.call(program.kernels(dense).backward_kernel, t.dy, t.x, t.gradients["state_kernel"])
        if t.dx is not None:
            program.call(program.kernels(dense).backward_input, t.dy, t.parameters["state_kernel"], t.dx)


class OwnSquare(_Own):
    """Found by its name, and aware of freezing."""

    def backward(self, program, t):
        if t.trained:
            super().backward(program, t)
        else:
            program.call(program.kernels(dense).backward_input, t.dy, t.parameters["state_kernel"], t.dx)


class OwnSilent(OwnSquare):
    """Its configuration does not say whether it is frozen."""

    def get_config(self):
        return {"name": self.name}


def test_a_layer_of_ones_own_is_frozen_as_any_other():
    own = OwnSquare(name="it")
    own.trainable = False
    m = model(own, (4,))
    assert changed(m) == ["above", "below"]
    m.reset_states()
    assert np.all(weights(m)["it/state_kernel"])
    unaware = _Own(name="it")
    unaware.trainable = False
    assert changed(model(unaware, (4,), below=False)) == ["above"]
    with pytest.raises(ArgumentError, match=r"it: expected arrays for .*backward_kernel.*received None.*t\.trained"):
        changed(model(unaware, (4,)))


def test_files_keep_what_is_frozen(tmp_path):
    pytest.importorskip("safetensors")
    own, both = OwnSquare(), layers.Bidirectional(layers.SimpleRNN(2), name="both")
    both.backward_layer.trainable = own.trainable = False
    inside = [layers.Residual([layers.Dense(3, trainable=False), own], name="block"), layers.Dense(4, name="it")]
    m = model([*inside, layers.Reshape((2, 2)), both], (3,))
    m.layers[0].trainable = False
    m.compile("sgd", "mse")
    m.save(tmp_path / "model")
    again = nn.load_model(tmp_path / "model")
    assert repr(again) == repr(m)
    assert again.weight_names == m.weight_names
    assert changed(again) == changed(m) == ["above", "both/forward_simple_rnn", "it"]
    assert same(weights(again), weights(m))


def test_a_layer_that_would_come_back_unfrozen_is_not_saved(tmp_path):
    pytest.importorskip("safetensors")
    silent = OwnSilent()
    m = model([layers.Residual([layers.Dense(4), silent], name="block")], (4,))
    m.save(tmp_path / "model")
    silent.trainable = False
    with pytest.raises(ArgumentError, match=r"Residual \('block'\) does not make the same one again"):
        m.save(tmp_path / "model")


def test_files_from_before_there_were_frozen_layers():
    config = layers.Dense(3).get_config()
    del config["trainable"]
    assert layers.Dense.from_config(config).trainable


def test_training_agrees_with_pytorch_where_requires_grad_is_off():
    torch = pytest.importorskip("torch")
    m = model([layers.Dense(5, "tanh", name="it"), layers.Dense(3, name="next")], (4,))
    m.layers[1].trainable = False
    m.compile(nn.optimizers.SGD(0.1, momentum=0.9), "mse")
    theirs = [torch.tensor(w, requires_grad=not name.startswith("it/")) for name, w in weights(m).items()]
    optimizer = torch.optim.SGD([w for w in theirs if w.requires_grad], 0.1, momentum=0.9)
    x, y = data(m)
    for _ in range(3):
        m.train_on_batch(x, y)
        a = torch.tensor(x)
        for k in range(0, 8, 2):
            a = a @ theirs[k] + theirs[k + 1]
            a = torch.tanh(a) if k == 2 else a
        loss = ((a - torch.tensor(y)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for found, expected in zip(m.get_weights(), theirs, strict=True):
        np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-12, atol=1e-14)
