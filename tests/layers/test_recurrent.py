"""SimpleRNN, LSTM and GRU: PyTorch's results, options by differences, states from batch to batch, what is refused."""

import json

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, ShapeError, StateError
from numbanet.kernels._gates import NAMES
from numbanet.layers import GRU, LSTM, Bidirectional, Dense, Flatten, SimpleRNN
from tests.models import refuses

PARTS = {SimpleRNN: 1, LSTM: 4, GRU: 3}
every_layer = pytest.mark.parametrize("layer", PARTS, ids=lambda layer: layer.__name__)
on_each = pytest.mark.parametrize("device", ["cpu", "reference"])
H, I, N = 5, 3, 4


def model(*first, T=4, device="cpu", dtype="float64", seed=3, plain=False):
    """Layers, a head, and weights that are not their starting values."""
    head = [] if plain else [Flatten(name="flat"), Dense(2, name="above")]
    m = nn.Sequential([*first, *head], seed=seed)
    m.build((T, I), device, dtype)
    m.compile("sgd", "mse")
    random = np.random.default_rng(1)
    m.set_weights([w if "state" in n else random.uniform(-0.6, 0.6, w.shape) for n, w in named(m).items()])
    return m


def named(m):
    return dict(zip(m.weight_names, m.get_weights(), strict=True))


def data(n=N, T=4, outputs=2):
    random = np.random.default_rng([n, T])
    outputs = (outputs,) if isinstance(outputs, int) else outputs
    return random.standard_normal((n, T, I)), random.standard_normal((n, *outputs))


def of_torch(torch, layer, weights):
    """PyTorch's layer with the same weights, of one direction or both, and the way from its parameters to ours."""
    make, order = {
        SimpleRNN: (torch.nn.RNN, [0]),
        LSTM: (torch.nn.LSTM, [0, 1, 2, 3]),
        GRU: (torch.nn.GRU, [1, 0, 2]),
    }[layer]
    ends = ["l0", "l0_reverse"][: len(weights) // 3]

    def reorder(a):  # the parts of the last axis; its own inverse
        return a.reshape(*a.shape[:-1], len(order), H)[..., order, :].reshape(a.shape)

    theirs, values = make(I, H, batch_first=True, bidirectional=len(ends) == 2, dtype=torch.float64), {}
    for end, first in zip(ends, (0, 3), strict=False):
        w, u, b = map(reorder, weights[first : first + 3])
        b = b if layer is GRU else np.stack([b, np.zeros_like(b)])
        values |= {f"weight_ih_{end}": w.T, f"weight_hh_{end}": u.T, f"bias_ih_{end}": b[0], f"bias_hh_{end}": b[1]}
    theirs.load_state_dict({name: torch.tensor(a) for name, a in values.items()})

    def gradients():
        of, found = {name: reorder(p.grad.numpy().T) for name, p in theirs.named_parameters()}, []
        for end in ends:
            b = of[f"bias_ih_{end}"]
            b = np.stack([b, of[f"bias_hh_{end}"]]) if layer is GRU else b
            found += [of[f"weight_ih_{end}"], of[f"weight_hh_{end}"], b]
        return found

    return theirs, gradients


def beside_torch(test):
    """Each layer on each device, with one step, two and many."""
    for mark in (
        every_layer,
        pytest.mark.parametrize("sequences", [False, True], ids=["last", "sequences"]),
        pytest.mark.parametrize("T", [1, 2, 17]),
        on_each,
    ):
        test = mark(test)
    return test


def close(found, expected):
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-10


@beside_torch
@pytest.mark.parametrize("back", [False, True], ids=["forwards", "backwards"])
def test_outputs_and_gradients_are_those_of_torch(layer, sequences, back, T, device):
    torch = pytest.importorskip("torch")
    m = model(layer(H, return_sequences=sequences, go_backwards=back), T=T, device=device, plain=True)
    x, y = data(T=T, outputs=(T, H) if sequences else H)
    theirs, gradients = of_torch(torch, layer, m.get_weights())
    given = torch.tensor(x, requires_grad=True)
    h = theirs(given.flip(1) if back else given)[0]  # in the order of processing
    h = h if sequences else h[:, -1]
    loss = torch.nn.functional.mse_loss(h, torch.tensor(y))
    loss.backward()
    close(m.predict(x), h.detach().numpy())
    ours, found = m.gradients(x, y)
    assert ours == pytest.approx(loss.item(), rel=1e-12)
    for a, b in zip(found, gradients(), strict=True):
        close(a, b)
    close(m.input_gradient(x, y), given.grad.numpy())


@beside_torch
@pytest.mark.parametrize("both", [False, True], ids=["forwards", "both"])
def test_sequences_of_their_lengths_are_those_that_torch_packs(layer, sequences, both, T, device):
    torch = pytest.importorskip("torch")
    lengths = np.array([1, T, (T + 1) // 2, max(1, T - 1), T])
    counts, wide = np.arange(T) < lengths[:, None], H * (1 + both)
    x, y = data(len(lengths), T, (T, wide) if sequences else wide)
    x[~counts] = 1e6
    cell = layer(H, return_sequences=sequences, stateful=True, batch_size=len(lengths))
    m = model(Bidirectional(cell) if both else cell, T=T, device=device, plain=True)
    theirs, gradients = of_torch(torch, layer, [w for name, w in named(m).items() if "state" not in name])
    given = torch.tensor(x, requires_grad=True)
    pack, pad = torch.nn.utils.rnn.pack_padded_sequence, torch.nn.utils.rnn.pad_packed_sequence
    packed, states = theirs(pack(given, torch.tensor(lengths), batch_first=True, enforce_sorted=False))
    h, c = states if layer is LSTM else (states, None)
    outputs = pad(packed, batch_first=True)[0] if sequences else torch.cat(list(h), dim=-1)
    seen = counts if sequences else slice(None)
    loss = torch.nn.functional.mse_loss(outputs[seen], torch.tensor(y)[seen])
    loss.backward()
    ours, found = m.gradients(x, y, lengths=lengths)
    close(np.array(ours), np.array(loss.item()))
    for a, b in zip(found, gradients(), strict=True):
        close(a, b)
    close(m.input_gradient(x, y, lengths=lengths), given.grad.numpy())
    close(m.predict(x, lengths=lengths)[seen], outputs.detach().numpy()[seen])
    kept = [w for name, w in named(m).items() if "state" in name]  # a direction's h, and its c
    last = [s[k] for k in range(1 + both) for s in ((h, c) if layer is LSTM else (h,))]
    for a, b in zip(kept, last, strict=True):
        close(a, b.detach().numpy())


@on_each
@pytest.mark.parametrize("cut", [1, 3, 6, 50])
@pytest.mark.parametrize("back", [False, True], ids=["forwards", "backwards"])
@every_layer
def test_gradients_of_pieces_are_those_of_detached_states(layer, back, cut, device):
    torch = pytest.importorskip("torch")
    T = 6
    x, y = data(T=T, outputs=(T, H))
    m = model(layer(H, return_sequences=True, go_backwards=back, bptt_steps=cut), T=T, device=device, plain=True)
    theirs, gradients = of_torch(torch, layer, m.get_weights())
    given, state, outputs = torch.tensor(x, requires_grad=True), None, []
    steps = given.flip(1) if back else given
    for start in range(0, T, cut):
        if state is not None:
            state = tuple(s.detach() for s in state) if layer is LSTM else state.detach()
        h, state = theirs(steps[:, start : start + cut], state)
        outputs.append(h)
    h = torch.cat(outputs, 1)
    torch.nn.functional.mse_loss(h, torch.tensor(y)).backward()
    close(m.predict(x), h.detach().numpy())
    for a, b in zip(m.gradients(x, y)[1], gradients(), strict=True):
        close(a, b)
    close(m.input_gradient(x, y), given.grad.numpy())
    whole = model(layer(H, return_sequences=True, go_backwards=back), T=T, device=device, plain=True)
    assert np.array_equal(m.predict(x), whole.predict(x))
    same = [np.array_equal(a, b) for a, b in zip(m.gradients(x, y)[1], whole.gradients(x, y)[1], strict=True)]
    assert all(same) == (cut >= T)


OPTIONS = [
    {"use_bias": False},
    {"dropout": 0.4, "recurrent_dropout": 0.3, "return_sequences": True},
    {"dropout": 0.4, "go_backwards": True},
    {"recurrent_dropout": 0.3, "go_backwards": True, "return_sequences": True},
    {"activation": "softsign", "kernel_regularizer": "l2", "recurrent_regularizer": "l1_l2", "bias_regularizer": "l2"},
    {"activation": "elu", "bias_initializer": "ones"},
]
GATED = [{"recurrent_activation": "hard_sigmoid"}, {"activation": "softplus", "recurrent_activation": "tanh"}]
CASES = [(layer, o) for layer in PARTS for o in OPTIONS + (GATED if layer is not SimpleRNN else [])]
CASES += [(GRU, {"reset_after": False} | o) for o in ({}, *OPTIONS[:4])]
CASES += [(LSTM, {"unit_forget_bias": False})]


@pytest.mark.compiled
@pytest.mark.parametrize(("layer", "options"), CASES, ids=lambda v: getattr(v, "__name__", None) or ",".join(v))
def test_gradients_by_differences(layer, options):
    m = model(layer(3, **options))
    for training in (True, False)[: 2 if "dropout" in str(options) else 1]:
        report = nn.check_gradients(m, *data(2), training=training, verbose=False)
        assert report, str(report)
        assert sum(row.kinks for row in report.rows) == 0
        assert [row.name for row in report.rows if "input" not in row.name] == m.weight_names


@pytest.mark.compiled
def test_gradients_through_a_stack_of_them():
    chain = [LSTM(3, return_sequences=True), SimpleRNN(2, return_sequences=True, go_backwards=True), GRU(3)]
    report = nn.check_gradients(model(*chain), *data(2), verbose=False)
    assert report, str(report)


@pytest.mark.parametrize("rates", [(0.5, 0.0), (0.0, 0.5)])
@every_layer
def test_dropout_is_of_training_alone(layer, rates):
    m, plain = model(layer(H, dropout=rates[0], recurrent_dropout=rates[1])), model(layer(H))
    x, y = data()
    assert np.array_equal(m.predict(x), plain.predict(x))
    assert np.array_equal(m.gradients(x, y, training=False)[1][0], plain.gradients(x, y)[1][0])
    assert not np.array_equal(m.gradients(x, y, training=True)[1][0], plain.gradients(x, y)[1][0])


def test_dropout_takes_the_same_features_of_all_steps():
    m = model(SimpleRNN(H, "linear", dropout=0.5), plain=True)
    gone = m.input_gradient(*data(40, outputs=H), training=True) == 0.0
    assert np.array_equal(gone.all(axis=1), gone.any(axis=1))
    assert 0.3 < gone.mean() < 0.7
    assert len(np.unique(gone[:, 0], axis=0)) > 4, "others of each sample"


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("options", [{}, {"go_backwards": True}, {"return_sequences": True}])
@every_layer
def test_stateful_batches_are_one_long_sequence(layer, options, training):
    x, _ = data(T=10)
    long = model(layer(H, **options), T=10, plain=True)
    m = model(layer(H, stateful=True, batch_size=N, **options), T=5, plain=True)
    m.set_weights([*long.get_weights(), *m.get_weights()[3:]])
    pieces = [x[:, 5:], x[:, :5]] if options.get("go_backwards") else [x[:, :5], x[:, 5:]]
    if training:  # the states move on, and with zero targets and no rate nothing else
        m.compile(nn.optimizers.SGD(1e-300), "mse")
        m.train_on_batch(pieces[0], np.zeros((N, 5, H) if options.get("return_sequences") else (N, H)))
        found = m.predict(pieces[1])
        close(found, long.predict(x)[:, 5:] if options.get("return_sequences") else long.predict(x))
        return
    found = [m.predict(piece) for piece in pieces]
    if options.get("return_sequences"):
        close(np.concatenate(found, 1), long.predict(x))
    else:
        close(found[-1], long.predict(x))
    states = [name.split("/")[1] for name in m.weight_names[3:]]
    assert states == (["state_h", "state_c"] if layer is LSTM else ["state_h"])
    if not options.get("return_sequences"):
        close(named(m)[m.weight_names[3]], found[-1])


@every_layer
def test_states_are_kept_and_reset(layer):
    m, (x, y) = model(layer(H, stateful=True, batch_size=N)), data()
    first, second = m.predict(x), m.predict(x)
    assert not np.array_equal(first, second)
    before = m.get_weights()
    m.gradients(x, y)
    m.input_gradient(x, y)
    assert all(map(np.array_equal, m.get_weights(), before)), "looking at gradients moves no state"
    m.reset_states()
    assert not any(w.any() for name, w in named(m).items() if "state" in name)
    assert np.array_equal(m.predict(x), first)
    m.reset_states()
    m.fit(x, y, batch_size=N, epochs=2, verbose=0)
    assert all(w.any() for name, w in named(m).items() if "state" in name)


@pytest.mark.compiled
@every_layer
def test_gradients_from_a_state_that_was_kept(layer):
    m, (x, y) = model(layer(3, stateful=True, batch_size=2)), data(2)
    m.predict(x)
    before = m.get_weights()
    report = nn.check_gradients(m, x, y, verbose=False)
    assert report, str(report)
    assert all(map(np.array_equal, m.get_weights(), before))
    assert not any("state" in row.name for row in report.rows), "a state is nothing that is trained"


@every_layer
def test_states_belong_to_a_batch(layer):
    m = model(layer(H, stateful=True, batch_size=N))
    for n in (N - 1, N + 1):
        with pytest.raises(StateError, match=f"states of {N} samples, received a batch of {n}"):
            m.gradients(*data(n))
    with pytest.raises(ArgumentError, match=rf"^{layer.__name__}: .*batch_size"):
        layer(H, stateful=True)
    with pytest.raises(ArgumentError, match=rf"^{layer.__name__}: batch_size .*stateful=True"):
        layer(H, batch_size=N)


WEIGHTS = [(layer, o) for layer in PARTS for o in ({}, {"use_bias": False})] + [(GRU, {"reset_after": False})]


@pytest.mark.parametrize(("layer", "options"), WEIGHTS, ids=lambda v: getattr(v, "__name__", None) or ",".join(v))
def test_weights_are_those_of_keras(layer, options):
    m = nn.Sequential([layer(H, name="it", **options)])
    m.build((4, I))
    width = PARTS[layer] * H
    expected = {"it/kernel": (I, width), "it/recurrent_kernel": (H, width), "it/bias": (width,)}
    if layer is GRU and not options:
        expected["it/bias"] = (2, width)
    if "use_bias" in options:
        del expected["it/bias"]
    assert {name: w.shape for name, w in named(m).items()} == expected
    assert m.count_params() == sum(int(np.prod(shape)) for shape in expected.values())
    u = m.get_weights()[1]
    np.testing.assert_allclose(u @ u.T, np.eye(H), atol=1e-5)


@pytest.mark.parametrize(("start", "other"), [("zeros", 0.0), ("ones", 1.0), (nn.initializers.Constant(0.25), 0.25)])
@pytest.mark.parametrize("unit", [True, False])
def test_where_the_forget_gates_bias_begins(unit, start, other):
    m = nn.Sequential([LSTM(H, bias_initializer=start, unit_forget_bias=unit)])
    m.build((4, I))
    expected = np.full(4 * H, other, "float32")
    if unit:
        expected[H : 2 * H] = 1.0
    assert np.array_equal(m.get_weights()[2], expected)


@every_layer
def test_configuration_round_trip(layer):
    all_of_them = {
        "units": 4,
        "activation": "relu",
        "use_bias": False,
        "kernel_initializer": nn.initializers.HeNormal(),
        "recurrent_initializer": "glorot_normal",
        "bias_initializer": nn.initializers.Constant(0.5),
        "kernel_regularizer": "l1",
        "recurrent_regularizer": nn.regularizers.L2(0.1),
        "bias_regularizer": "l2",
        "dropout": 0.1,
        "recurrent_dropout": 0.2,
        "return_sequences": True,
        "go_backwards": True,
        "stateful": True,
        "batch_size": 3,
        "bptt_steps": 2,
        "name": "it",
        "trainable": False,
    }
    all_of_them |= {LSTM: {"unit_forget_bias": False}, GRU: {"reset_after": False}}.get(layer, {})
    all_of_them |= {} if layer is SimpleRNN else {"recurrent_activation": "hard_sigmoid"}
    first = layer(**all_of_them)
    config = json.loads(json.dumps(first.get_config()))
    assert set(config) == set(all_of_them)
    again = layer.from_config(config)
    assert again.get_config() == first.get_config() == config
    ours, theirs = (it.describe((5, I)) for it in (first, again))
    assert ours.saved == theirs.saved
    assert ours.output_shape == theirs.output_shape == (5, 4)


@every_layer
def test_activations_are_chosen_from_a_list(layer):
    arguments = ["activation"] + (["recurrent_activation"] if layer is not SimpleRNN else [])
    for argument in arguments:
        for bad in ("softmax", "gelu", "tanhh", None, layers.ReLU(), np.tanh):
            words = [layer.__name__, f"{argument} must be one of", *NAMES, "Received: "]
            refuses(lambda a=argument, b=bad: layer(H, **{a: b}), *words)
    refuses(lambda: layer(H, "tahn"), "Did you mean 'tanh'?")


@every_layer
def test_samples_are_sequences(layer):
    for shape in [(4,), (2, 3, 4)]:
        with pytest.raises(ShapeError, match=rf"{layer.__name__} .*expected sequences of shape \(N, steps, channels\)"):
            nn.Sequential([layer(H)]).build(shape)


def test_fit_refuses_validation_data_of_another_batch_size_before_it_trains():
    model = nn.Sequential([layers.LSTM(H, stateful=True, batch_size=4)])
    model.compile("sgd", "mse")
    model.build((5, 3))
    before = model.get_weights()
    x, y = np.ones((8, 5, 3), "f"), np.ones((8, H), "f")
    with pytest.raises(StateError, match="batch of 2"):
        model.fit(x, y, batch_size=4, validation_data=(x[:6], y[:6]), verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_validation_does_not_move_the_states_that_training_goes_on_from():
    x, y = np.random.default_rng(0).standard_normal((2, 8, 5, 3)).astype("f"), np.ones((8, H), "f")
    found = []
    for validation in (None, (x[1], y)):
        model = nn.Sequential([layers.GRU(H, stateful=True, batch_size=4)], seed=1)
        model.compile("sgd", "mse")
        model.fit(x[0], y, batch_size=4, epochs=2, validation_data=validation, verbose=0)
        found.append(model.get_weights())
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)
