"""The sanity tools tell models that are broken in known ways from those that are not, and leave them as they were."""

import math

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, losses
from numbanet.errors import ArgumentError, MissingDependency, NonFiniteError, ShapeError, StateError
from numbanet.kernels import kernel
from numbanet.teach import dead_units, learning_rate_range, loss_at_chance, overfit_batch, update_ratios
from tests.models import LABELS, X, model, same, train

TOOLS = (
    lambda m, x=X, y=LABELS: loss_at_chance(m, x, y),
    lambda m, x=X, y=LABELS: overfit_batch(m, x, y, samples=8, steps=20),
    lambda m, x=X, y=LABELS: dead_units(m, x),
    lambda m, x=X, y=LABELS: update_ratios(m, x, y, steps=3, batch_size=8),
    lambda m, x=X, y=LABELS: learning_rate_range(m, x, y, steps=12, batch_size=8),
)
NAMES = ("loss_at_chance", "overfit_batch", "dead_units", "update_ratios", "learning_rate_range")
RANDOM = np.random.default_rng(1)
CLOUDS = (RANDOM.standard_normal((120, 4)) + 3 * np.eye(4)[np.arange(120) % 3]).astype("float32")
CLASSES = np.arange(120) % 3
NUMBERS = (CLOUDS[:, :2] @ np.array([[1.0], [-0.5]], "float32") + 0.1).astype("float32")


def each(function):
    return pytest.mark.parametrize("tool", TOOLS, ids=NAMES)(function)


def network(*hidden, optimizer="adam", loss="sparse_categorical_crossentropy", outputs=3, last=None, seed=0):
    m = nn.Sequential([*hidden, last or layers.Dense(outputs)], seed=seed)
    m.build((4,), "reference")
    m.compile(optimizer, loss)
    return m


def good(**options):
    return network(layers.Dense(16, activation="relu"), **options)


class Summed(losses.SparseCategoricalCrossentropy):
    """A usual bug: the sum over the batch, where the mean was meant."""

    def forward(self, program, p, t, weights, saved, losses):
        super().forward(program, p, t, weights, saved, losses)
        program.call(times_rows, losses)


@kernel()
def times_rows(losses):
    for r in range(losses.size):
        losses[r] *= losses.size


# --- the model stays as it was


@each
@pytest.mark.parametrize(
    "optimizer", ["adam", nn.optimizers.SGD(0.05, momentum=0.9, use_ema=True)], ids=["adam", "sgd"]
)
def test_weights_and_moments_stay_as_they_are_to_the_bit(tool, optimizer):
    config = optimizer if isinstance(optimizer, str) else {"class_name": "SGD", "config": optimizer.get_config()}
    looked_at, left_alone = (train(model(config, dropout=0.5, device="reference")) for _ in range(2))
    tool(looked_at)
    tool(looked_at)
    assert same(looked_at, left_alone)
    assert same(train(looked_at), train(left_alone)), "moments, counters, and the masks of dropout"
    assert looked_at.optimizer.learning_rate == left_alone.optimizer.learning_rate


@each
def test_running_statistics_and_states_stay(tool):
    x = np.stack([X[:8], X[8:16]], axis=1)
    m = nn.Sequential(
        [layers.SimpleRNN(3, stateful=True, batch_size=8), layers.BatchNormalization(), layers.Dense(3)], seed=0
    )
    m.build((2, 4), "reference")
    m.compile("sgd", "sparse_categorical_crossentropy")
    m.train_on_batch(x, LABELS[:8])
    before = m.get_weights() + m.get_states()["simple_rnn"]
    tool(m, x, LABELS[:8])
    assert same(m.get_weights() + m.get_states()["simple_rnn"], before)


@each
def test_a_model_that_is_not_built_stays_so(tool):
    m = model(build=False)
    tool(m)
    assert not m.built
    assert all(layer.trainable for layer in m.layers)


@each
def test_the_answer_is_the_same_each_time(tool):
    m = model(device="reference")
    assert repr(tool(m)) == repr(tool(m))


# --- loss at chance


@pytest.mark.parametrize(
    ("loss", "outputs", "y", "expected"),
    [
        ("sparse_categorical_crossentropy", 3, CLASSES, math.log(3)),
        ("categorical_crossentropy", 3, np.eye(3)[CLASSES], math.log(3)),
        ("binary_crossentropy", 1, (CLASSES == 0)[:, None] * 1.0, math.log(2)),
        ("mse", 1, NUMBERS, NUMBERS.var()),
        ("mae", 1, NUMBERS, np.abs(NUMBERS - np.median(NUMBERS)).mean()),
        ("hinge", 1, (CLASSES == 0)[:, None] * 1.0, 1.0),
    ],
)
def test_what_guessing_gives(loss, outputs, y, expected):
    small = layers.Dense(outputs, kernel_initializer="zeros")
    found = loss_at_chance(network(loss=loss, outputs=outputs, last=small), CLOUDS, y)
    assert found.expected == pytest.approx(expected, rel=1e-5)
    assert found.ok
    if loss not in ("mse", "mae"):  # whose best guess is not 0
        assert found.found == pytest.approx(expected, rel=1e-5)


def test_the_guess_of_huber_is_the_best_constant():
    found = loss_at_chance(network(loss=losses.Huber(0.7), outputs=1), CLOUDS, NUMBERS)
    e = np.abs(NUMBERS - np.linspace(-5, 5, 20001))
    assert found.expected == pytest.approx(np.where(e <= 0.7, e * e / 2, 0.7 * (e - 0.35)).mean(0).min(), rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_first_weights_are_near_guessing(seed):
    assert loss_at_chance(good(seed=seed), CLOUDS, CLASSES)


def test_penalties_do_not_count():
    m = network(layers.Dense(16, kernel_regularizer=nn.regularizers.L2(10.0)))
    assert m.loss_value(CLOUDS, CLASSES) > 20
    assert loss_at_chance(m, CLOUDS, CLASSES)


def test_inputs_that_are_not_scaled_show():
    found = loss_at_chance(good(), 100 * CLOUDS, CLASSES)
    assert not found
    assert found.verdict.startswith("TOO HIGH")
    assert f"{100 * CLOUDS.max():.3g}" in found.verdict


def test_targets_with_a_large_mean_show():
    found = loss_at_chance(good(loss="mse", outputs=1), CLOUDS, NUMBERS + 50)
    assert not found
    assert "Subtract the mean of y" in found.verdict


def test_a_loss_that_is_summed_shows():
    m = good(loss=Summed())
    found = loss_at_chance(m, CLOUDS, CLASSES)
    assert not found
    assert "the mean over 120 samples" in found.verdict
    assert found.found == pytest.approx(120 * loss_at_chance(good(), CLOUDS, CLASSES).found, rel=1e-4)


def test_a_loss_of_ones_own_needs_the_number():
    class Own(losses.Loss):
        forward, backward = losses.MeanSquaredError().forward, losses.MeanSquaredError().backward

    m = good(loss=Own(), outputs=1)
    with pytest.raises(ArgumentError, match="expected= is needed"):
        loss_at_chance(m, CLOUDS, NUMBERS)
    assert loss_at_chance(m, CLOUDS, NUMBERS, expected=2.0).guess == "as you say"
    assert not loss_at_chance(m, CLOUDS, NUMBERS, expected=100.0)
    assert overfit_batch(m, CLOUDS, NUMBERS)


def test_a_model_that_has_learned_is_below():
    m = good()
    m.fit(CLOUDS, CLASSES, epochs=40, verbose=0)
    found = loss_at_chance(m, CLOUDS, CLASSES)
    assert found
    assert "has learned" in found.verdict


def test_targets_that_are_all_the_same_show():
    assert "NOTHING TO LEARN" in loss_at_chance(good(loss="mse", outputs=1), CLOUDS, 0 * NUMBERS).verdict


# --- a few samples by heart


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_a_good_model_learns_by_heart(optimizer):
    rate = {"adam": 0.01, "sgd": 0.3, "rmsprop": 0.01}[optimizer]
    m = good(optimizer=nn.optimizers.get(optimizer).__class__(rate))
    found = overfit_batch(m, CLOUDS, CLASSES, steps=2000)
    assert found, found
    assert found.samples == 20
    assert found.losses[-1] <= found.goal == pytest.approx(0.05 * math.log(3))
    assert found.losses[0] > 10 * found.losses[-1]


def test_it_learns_wrong_labels_by_heart_as_well():
    wrong = np.random.default_rng(0).permutation(CLASSES)
    assert overfit_batch(good(optimizer=nn.optimizers.Adam(0.03)), CLOUDS, wrong, samples=10, steps=2000)


def test_dropout_and_penalties_do_not_stand_in_its_way():
    hidden = layers.Dense(16, activation="relu", kernel_regularizer=nn.regularizers.L2(1.0))
    m = network(hidden, layers.Dropout(0.9), optimizer=nn.optimizers.Adam(0.03))
    assert overfit_batch(m, CLOUDS, CLASSES, steps=1000)
    assert m.layers[0].kernel_regularizer.l2 == 1.0
    assert m.layers[1].rate == 0.9


@pytest.mark.parametrize(
    "loss", [losses.CategoricalCrossentropy(label_smoothing=0.2), losses.BinaryCrossentropy(label_smoothing=0.2)]
)
def test_the_least_loss_of_smoothed_labels_is_not_0(loss):
    found = overfit_batch(good(loss=loss, optimizer=nn.optimizers.Adam(0.03)), CLOUDS, np.eye(3)[CLASSES], steps=2000)
    assert found, found
    assert found.losses[-1] > 0.1


def test_a_relu_where_logits_should_be_shows():
    """Nothing passes it: the model cannot learn, and says where to look."""
    dead = layers.Dense(3, activation="relu", bias_initializer=nn.initializers.Constant(-100.0))
    found = overfit_batch(network(layers.Dense(16, activation="relu"), last=dead), CLOUDS, CLASSES)
    assert not found
    assert "DOES NOT LEARN" in found.verdict
    assert "activation of the last layer" in found.verdict


def test_frozen_layers_show():
    m = network(layers.Dense(1, trainable=False), last=layers.Dense(3, use_bias=False))
    assert not overfit_batch(m, CLOUDS, CLASSES)


def test_a_learning_rate_that_is_too_small_shows():
    found = overfit_batch(good(optimizer=nn.optimizers.SGD(0.005)), CLOUDS, CLASSES, steps=100)
    assert "NOT YET" in found.verdict


@pytest.mark.compiled  # plain Python warns of an overflow
def test_a_learning_rate_that_is_too_large_shows():
    found = overfit_batch(good(optimizer=nn.optimizers.SGD(50.0), loss="mse", outputs=1), CLOUDS, NUMBERS)
    assert "DIVERGES" in found.verdict


def test_samples_that_contradict_each_other_show():
    found = overfit_batch(good(), 0 * CLOUDS, CLASSES, steps=50)
    assert re_pairs(found.verdict) > 100
    assert not found


def re_pairs(verdict):
    return int(verdict.split("CANNOT: ")[1].split()[0])


# --- dead units


def test_relus_that_died_are_counted():
    bias = nn.initializers.Constant(-50.0)
    m = network(layers.Dense(16, activation="relu", name="first"), layers.Dense(8, "relu", bias_initializer=bias))
    first, second = dead_units(m, CLOUDS).layers
    assert (second.units, second.dead, second.share, second.flat) == (8, 8, 1.0, 1.0)
    assert (first.layer, first.activation) == ("first", "relu")
    out = nn.teach.layer_output(m, CLOUDS, "first")
    assert first.dead == (out == 0).all(axis=0).sum()
    assert first.flat == pytest.approx((out == 0).mean())
    assert not dead_units(m, CLOUDS)
    assert "8 of the 8 units" in dead_units(m, CLOUDS).verdict
    assert dead_units(good(), CLOUDS)


@pytest.mark.parametrize("batch_size", [1, 7, 120])
def test_dead_is_for_all_samples_not_for_a_batch(batch_size):
    assert repr(dead_units(good(), CLOUDS, batch_size)) == repr(dead_units(good(), CLOUDS))


@pytest.mark.parametrize(("activation", "bias"), [("sigmoid", 30.0), ("sigmoid", -30.0), ("tanh", 30.0), ("tanh", -30)])
def test_saturated_units_are_counted(activation, bias):
    far = layers.Dense(8, activation, bias_initializer=nn.initializers.Constant(bias))
    found = dead_units(network(far), CLOUDS)
    assert found.layers[0].dead == 8
    assert "saturated" in found.verdict
    assert dead_units(network(layers.Dense(8, activation)), CLOUDS).layers[0].dead == 0


def test_layers_of_every_kind_are_looked_at():
    m = nn.Sequential(
        [
            layers.Conv2D(3, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Residual([layers.Conv2D(3, 1), layers.Activation("tanh")], activation="relu"),
            layers.Reshape((4, 12)),
            layers.TimeDistributed(layers.Dense(5, activation="sigmoid")),
            layers.Bidirectional(layers.SimpleRNN(2)),
            layers.Dense(4, activation="gelu"),
        ],
        seed=0,
    )
    m.build((6, 6, 1), "reference")
    m.compile("sgd", "mse")
    found = dead_units(m, np.random.default_rng(0).standard_normal((9, 6, 6, 1)).astype("float32"))
    rows = [(units.layer, units.activation, units.units) for units in found.layers]
    assert rows == [
        ("conv2d", "relu", 3),
        ("re_lu", "relu", 3),
        ("residual", "relu", 3),
        ("residual/activation", "tanh", 3),
        ("time_distributed/dense", "sigmoid", 5),
        ("bidirectional/forward_simple_rnn", "tanh", 2),
        ("bidirectional/backward_simple_rnn", "tanh", 2),
    ]
    assert found.layers[1].flat == pytest.approx(0.5, abs=0.2)


def test_a_model_without_such_layers():
    assert "no layer has ReLU" in dead_units(network(), CLOUDS).verdict


def test_few_samples_prove_little():
    bias = nn.initializers.Constant(-50.0)
    assert "only 3" in dead_units(network(layers.Dense(8, "relu", bias_initializer=bias)), CLOUDS[:3]).verdict


# --- updates


def test_the_ratio_is_that_of_the_model_s_own_steps():
    m = train(good(optimizer=nn.optimizers.SGD(0.1, momentum=0.9)))
    before = m.get_weights()
    found = update_ratios(m, CLOUDS[:8], CLASSES[:8], steps=2, batch_size=8)
    assert list(found.ratios) == m.weight_names
    order = np.sort(np.random.default_rng(0).permutation(8))
    m.train_on_batch(CLOUDS[:8][order], CLASSES[:8][order])
    for name, old, new in zip(m.weight_names, before, m.get_weights(), strict=True):
        expected = np.linalg.norm(new - old) / np.linalg.norm(old)
        assert found.ratios[name][0] == pytest.approx(expected, rel=1e-4)
        assert found.ratios[name].shape == (2,)


@pytest.mark.parametrize(
    ("optimizer", "word"),
    [
        (nn.optimizers.Adam(3e-3), "as it should be"),
        (nn.optimizers.SGD(1e-5), "TOO SLOW"),
        (nn.optimizers.Adam(0.5), "TOO FAST"),
    ],
)
def test_learning_rates_show_in_the_ratio(optimizer, word):
    found = update_ratios(good(optimizer=optimizer), CLOUDS, CLASSES)
    assert word in found.verdict
    assert found.ok == (word == "as it should be")


def test_vanishing_gradients_show():
    deep = [layers.Dense(8, activation="sigmoid") for _ in range(6)]
    found = update_ratios(network(*deep, optimizer=nn.optimizers.SGD(0.1)), CLOUDS, CLASSES)
    assert "FAR APART: 'dense_6/kernel'" in found.verdict
    assert "'dense/kernel'" in found.verdict


def test_what_gets_no_gradient_shows():
    bias = nn.initializers.Constant(-100.0)
    m = network(layers.Dense(8, "relu", bias_initializer=bias), optimizer="sgd")
    assert "DOES NOT MOVE: 'dense/kernel'" in update_ratios(m, CLOUDS, CLASSES).verdict


def test_kernels_are_judged_and_not_biases():
    m = nn.Sequential([layers.Reshape((2, 2)), layers.GRU(3), layers.Dense(3)], seed=0)
    m.build((4,), "reference")
    m.compile(nn.optimizers.Adam(1e-2), "sparse_categorical_crossentropy")
    found = update_ratios(m, CLOUDS, CLASSES, steps=5)
    assert found.ratios["gru/bias"].shape == (5,)
    assert found.median["gru/bias"] > 0.05 > found.median["gru/kernel"]
    assert found, found


def test_frozen_layers_are_left_out():
    m = network(layers.Dense(8, trainable=False))
    assert list(update_ratios(m, CLOUDS, CLASSES, steps=2).ratios) == ["dense_1/kernel", "dense_1/bias"]


def test_accumulated_gradients_are_one_update():
    m = good(optimizer=nn.optimizers.SGD(0.1, gradient_accumulation_steps=3))
    found = update_ratios(m, CLOUDS, CLASSES, steps=4, batch_size=8)
    assert found.ratios["dense/kernel"].shape == (4,)
    assert (found.ratios["dense/kernel"] > 0).all()


# --- the learning-rate range


@pytest.mark.parametrize("optimizer", [nn.optimizers.SGD, nn.optimizers.Adam])
def test_the_suggestion_trains_and_the_loss_rises_behind_the_limit(optimizer):
    found = learning_rate_range(good(optimizer=optimizer(0.01)), CLOUDS, CLASSES, high=100.0)
    ends = []
    for rate in (found.suggestion / 1000, found.suggestion):
        m = good(optimizer=optimizer(rate))
        m.fit(CLOUDS, CLASSES, epochs=10, verbose=0)
        ends.append(m.evaluate(CLOUDS, CLASSES)["loss"])
    slow, right = ends
    assert right < 0.5 * slow
    assert found.smooth[-1] > 1.5 * found.smooth.min()
    assert found.suggestion < found.limit <= found.rates[-1] * 1.0001


def test_rates_grow_by_the_same_factor():
    found = learning_rate_range(good(), CLOUDS, CLASSES, low=1e-4, high=1e-2, steps=21)
    assert len(found.losses) == len(found.smooth) == len(found.rates) == 21
    assert found.rates[0] == pytest.approx(1e-4)
    assert found.rates[-1] == pytest.approx(1e-2)
    assert np.allclose(found.rates[1:] / found.rates[:-1], 10**0.1)


@pytest.mark.parametrize(("rate", "word"), [(1e-7, "TOO LOW"), (50.0, "TOO HIGH"), (0.03, "in the range")])
def test_the_model_s_own_rate_is_judged(rate, word):
    found = learning_rate_range(good(optimizer=nn.optimizers.SGD(rate)), CLOUDS, CLASSES, high=100.0)
    assert word in found.verdict
    assert found.ok == (word == "in the range")


def test_a_schedule_is_left_out():
    m = good(optimizer=nn.optimizers.SGD(nn.schedules.CosineDecay(0.1, 100)))
    found = learning_rate_range(m, CLOUDS, CLASSES)
    assert found
    assert "has a schedule" in found.verdict


def test_a_model_that_learns_at_no_rate():
    dead = layers.Dense(8, "relu", bias_initializer=nn.initializers.Constant(-100.0))
    m = network(dead, last=layers.Dense(3, use_bias=False))
    found = learning_rate_range(m, CLOUDS, CLASSES)
    assert not found
    assert found.suggestion is None
    assert "NO RATE LEARNS" in found.verdict


def test_the_test_ends_where_the_loss_explodes():
    found = learning_rate_range(good(optimizer="sgd", loss="mse", outputs=1), CLOUDS, NUMBERS, high=1e6)
    assert len(found.rates) < 150
    assert found.rates[-1] < 1e6
    assert np.isfinite(found.smooth).all()


# --- words, pictures and what is refused


@each
def test_the_text_has_name_numbers_and_verdict(tool):
    found = tool(model(device="reference"))
    name = NAMES[TOOLS.index(tool)]
    lines = repr(found).splitlines()
    assert lines[0].startswith(f"{name}: ")
    assert lines[-1] == found.verdict
    assert max(map(len, lines)) < 250
    assert bool(found) is found.ok


@each
def test_a_picture(tool, tmp_path):
    pytest.importorskip("matplotlib")
    found = tool(model(device="reference"))
    figure = found.plot(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    (axes,) = figure.axes
    assert axes.get_xlabel()
    assert axes.lines or axes.patches
    assert found.plot() is not figure


@each
def test_pictures_need_matplotlib(tool, monkeypatch):
    found = tool(model(device="reference"))
    for module in ("matplotlib", "matplotlib.figure", "matplotlib.backends.backend_agg"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(MissingDependency, match="numbanet\\[plot\\]"):
        found.plot()


@each
def test_a_model_that_is_not_compiled_is_refused(tool):
    m = nn.Sequential([layers.Dense(3)])
    with pytest.raises(StateError, match=f"{NAMES[TOOLS.index(tool)]}: .*compile"):
        tool(m)
    with pytest.raises(ArgumentError, match=f"{NAMES[TOOLS.index(tool)]}: model must be a Sequential"):
        tool("model")


@each
def test_data_that_do_not_fit_are_refused(tool):
    m = model(device="reference")
    with pytest.raises(ShapeError):
        tool(m, X[:, :3])
    with pytest.raises(ShapeError):
        tool(m, X[:0], LABELS[:0])
    if tool is not TOOLS[2]:
        with pytest.raises(ShapeError, match=r"as many targets y, received \(22, 4\) and \(21,\)"):
            tool(m, X, LABELS[:-1])
    with pytest.raises(nn.errors.DataError):
        tool(m, np.full_like(X, np.nan))
    assert same(m, model(device="reference"))


@each
def test_lists_will_do(tool):
    assert repr(tool(model(device="reference"), X.tolist(), LABELS.tolist())) == repr(tool(model(device="reference")))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: loss_at_chance(m, X, LABELS, expected=-1), "loss_at_chance: expected must be a positive"),
        (lambda m: overfit_batch(m, X, LABELS, samples=0), "overfit_batch: samples must be a positive integer"),
        (lambda m: overfit_batch(m, X, LABELS, steps=1.5), "overfit_batch: steps must be a positive integer"),
        (lambda m: dead_units(m, X, batch_size=0), "dead_units: batch_size must be a positive integer"),
        (lambda m: update_ratios(m, X, LABELS, steps=0), "update_ratios: steps must be a positive integer"),
        (lambda m: update_ratios(m, X, LABELS, batch_size=-1), "update_ratios: batch_size must be a positive integer"),
        (lambda m: learning_rate_range(m, X, LABELS, low=0), "learning_rate_range: low must be a positive number"),
        (lambda m: learning_rate_range(m, X, LABELS, low=1.0, high=0.1), "learning_rate_range: high must be above low"),
        (lambda m: learning_rate_range(m, X, LABELS, steps=5), "learning_rate_range: steps must be 10 or more"),
    ],
)
def test_what_is_refused(call, words):
    with pytest.raises(ArgumentError, match=words):
        call(model(device="reference"))


@pytest.mark.compiled  # plain Python warns of an overflow
def test_weights_that_are_not_finite_are_said():
    m = good()
    m.set_weights([np.full_like(w, 1e30) for w in m.get_weights()])
    assert "NOT FINITE" in loss_at_chance(m, CLOUDS, CLASSES).verdict
    with pytest.raises(NonFiniteError):
        learning_rate_range(m, CLOUDS, CLASSES)


def test_layers_that_were_frozen_since_compile_are_said():
    m = model(device="reference")
    m.layers[0].trainable = False
    with pytest.raises(StateError, match="frozen or unfrozen since compile"):
        update_ratios(m, X, LABELS)


def test_a_model_without_parameters_has_no_updates():
    m = nn.Sequential([layers.ReLU()])
    m.build((4,), "reference")
    m.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(StateError, match="parameters that are trained"):
        update_ratios(m, X, LABELS)


# --- what fit takes


def test_lists_are_taken_as_in_fit():
    made = good()
    given = X.tolist(), LABELS.tolist()
    assert nn.teach.loss_at_chance(made, *given).found == nn.teach.loss_at_chance(made, X, LABELS).found
    assert nn.teach.dead_units(made, given[0]).ok == nn.teach.dead_units(made, X).ok
    with pytest.raises(nn.errors.ShapeError, match="dead_units: x is not an array of numbers"):
        nn.teach.dead_units(made, [[1.0], [1.0, 2.0]])


def test_a_loss_that_falls_steadily_is_not_stuck():
    made = good(optimizer=nn.optimizers.Adam(1e-3))
    assert nn.teach.overfit_batch(made, X, LABELS, steps=40).verdict.startswith("NOT YET")
