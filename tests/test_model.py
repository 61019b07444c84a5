import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, DtypeError, ShapeError, StateError
from tests.models import LABELS, X, model, refuses, same, train
from tests.oracles import AGREEMENT, assert_agrees

# --- structure


def test_weights_are_in_keras_order():
    m = model()
    assert m.weight_names == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]
    assert [w.shape for w in m.get_weights()] == [(4, 5), (5,), (5, 3), (3,)]
    assert all(w.dtype == "float32" for w in m.get_weights())
    assert m.count_params() == 4 * 5 + 5 + 5 * 3 + 3


def test_layers_get_names():
    m = nn.Sequential([layers.Dense(3), layers.ReLU(), layers.Dense(3, name="dense_1"), layers.Dense(2), layers.ELU()])
    assert [layer.name for layer in m.layers] == ["dense", "re_lu", "dense_1", "dense_2", "elu"]
    assert m.get_layer("dense_2") is m.layers[3]
    with pytest.raises(ArgumentError, match="dense_3"):
        m.get_layer("dense_3")


def test_a_layer_is_in_a_model_once():
    layer = layers.Dense(3)
    m = nn.Sequential([layer])
    with pytest.raises(ArgumentError, match="already"):
        m.add(layer)
    with pytest.raises(ArgumentError, match="Did you mean Dense"):
        m.add(layers.Dense)
    assert m.layers == [layer]


def test_add_and_pop_keep_the_weights_of_layers_that_stay():
    m = train(model("adam"))
    trained, y = m.get_weights(), m.predict(X)
    m.add(layers.Dense(3))
    assert same(m.get_weights()[:4], trained)
    assert m.weight_names[4:] == ["dense_2/kernel", "dense_2/bias"]
    train(m)
    assert not any(np.array_equal(a, b) for a, b in zip(m.get_weights(), trained, strict=False))
    m.set_weights([*trained, *m.get_weights()[4:]])
    assert m.pop().name == "dense_2"
    assert same(m, trained)
    assert np.array_equal(m.predict(X), y)
    train(m)
    assert not same(m, trained)


def test_a_layer_added_later_begins_as_one_that_was_there():
    m = nn.Sequential([layers.Dense(5, activation="tanh")], seed=3)
    m.build((4,))
    m.add(layers.Dense(3))
    assert same(m, model(seed=3))


def test_pop_to_nothing_unbuilds():
    m = nn.Sequential([layers.Dense(3)])
    m.build((4,))
    m.pop()
    assert not m.built
    with pytest.raises(StateError, match="without"):
        m.pop()


@pytest.mark.parametrize("how", ["add", "pop", "build"])
def test_a_change_that_is_refused_leaves_the_model_as_it_was(how):
    m = model(metrics=[nn.metrics.ConfusionMatrix(3)])
    train(m)
    before, names = m.get_weights(), [layer.name for layer in m.layers]
    with pytest.raises((ShapeError, ArgumentError)):
        {"add": lambda: m.add(layers.Dense(1)), "pop": m.pop, "build": lambda: m.build((8, 8))}[how]()
    assert [layer.name for layer in m.layers] == names
    assert same(m, before)
    assert train(m).evaluate(X, LABELS)["confusion_matrix"].sum() == len(X)


def test_a_loss_that_does_not_fit_is_refused_every_time():
    m = nn.Sequential([layers.Dense(1)])
    m.compile("sgd", "sparse_categorical_crossentropy")
    for _ in range(2):
        with pytest.raises(ShapeError, match="BinaryCrossentropy"):
            m.fit(X, LABELS, verbose=0)
    assert not m.built


def test_an_unbuilt_model_is_built_from_the_data():
    m = model(build=False)
    assert not m.built
    m.fit(X.tolist(), LABELS.tolist(), verbose=0)
    assert m.built
    assert [w.dtype for w in m.get_weights()] == [np.dtype("float32")] * 4
    expected = model()
    expected.fit(X, LABELS, verbose=0)
    assert same(m, expected)


@pytest.mark.parametrize("method", ["evaluate", "train_on_batch", "gradients", "input_gradient", "loss_value"])
def test_any_method_with_targets_builds(method):
    m, built = model(build=False), model()
    getattr(m, method)(X, LABELS)
    getattr(built, method)(X, LABELS)
    assert same(m, built)


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "gradients", "input_gradient"])
@pytest.mark.parametrize(
    ("x", "error", "words"),
    [
        (X[:, 0], ShapeError, r"\(N, features...\), received \(22,\)\. Use x\.reshape\(-1, 1\)"),
        (np.float32(1), ShapeError, r"received \(\)\.$"),
        ([[1, 2], [3]], ShapeError, "not an array"),
        (X.astype("float64") / 3, DtypeError, r"x\.astype\('float32'\)"),
    ],
)
def test_data_that_gives_no_shape_builds_nothing(method, x, error, words):
    m = model(build=False)
    with pytest.raises(error, match=f"{method}: .*{words}"):
        getattr(m, method)(x, LABELS)
    assert not m.built


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "gradients", "input_gradient"])
def test_float64_of_exact_values_builds_in_float32(method):
    m, expected = model(build=False), model(build=False)
    getattr(m, method)(X.astype("float64"), LABELS)
    getattr(expected, method)(X, LABELS)
    assert [w.dtype for w in m.get_weights()] == [np.dtype("float32")] * 4
    assert same(m, expected)


def test_repr():
    assert repr(nn.Sequential([layers.ReLU()], seed=4)) == "Sequential([ReLU(name='re_lu')], seed=4)"


def test_summary(capsys):
    m = model(dropout=0.5)
    m.summary()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sequential: input (N, 4), float32, on cpu"
    words = [line.split("  ") for line in lines]
    rows = [[word.strip() for word in row if word.strip()] for row in words]
    assert rows[2] == ["layer", "type", "output shape", "parameters"]
    assert rows[4:7] == [
        ["dense", "Dense", "(N, 5)", "25"],
        ["dropout", "Dropout", "(N, 5)", "0"],
        ["dense_1", "Dense", "(N, 3)", "18"],
    ]
    assert lines[-2] == "43 parameters"
    assert lines[-1].startswith("memory ")
    assert len({len(line) for line in lines[1:-2]}) == 1


def test_summary_counts_the_memory(capsys):
    def line():
        m.summary()
        return capsys.readouterr().out.splitlines()[-1]

    m = nn.Sequential([layers.Dense(64, use_bias=False)])
    m.build((128,))
    assert line() == "memory 64.0 KiB: parameters 32.0, gradients 32.0, and activations 1.5 for each sample of a batch"
    m.compile("adam", "mse")
    assert line().startswith("memory 128.0 KiB: parameters 32.0, gradients 32.0, moments 64.0, and activations 1.5 for")
    m.predict(np.zeros((16, 128), "float32"))
    activations = 16 * 2 * (128 + 64) * 4 / 1024
    parts = f"parameters 32.0, gradients 32.0, moments 64.0, activations {activations:.1f} for batches of 16"
    assert line() == f"memory {128 + activations:.1f} KiB: {parts}"


def test_summary_counts_every_arena_to_the_byte():
    m = model("adam", dropout=0.5)
    train(m)
    network, sizes = m._network, m._steps.sizes()
    arenas = [network.parameters, network.gradients, network._activations, *m._steps.moments.values()]
    assert sum(sizes.values()) == sum(arena.buffer.nbytes for arena in arenas)
    gaps = len(network._activations.views) * 63
    assert 0 <= sizes["activations"] - network.activation_size(network.capacity) <= gaps


# --- weights


def test_get_weights_copies():
    m = model()
    m.get_weights()[0][...] = 7
    assert same(m, model())


def test_set_weights_makes_models_equal():
    a, b = train(model()), model(seed=1)
    assert not same(a, b)
    b.set_weights(a.get_weights())
    assert np.array_equal(a.predict(X), b.predict(X))


def test_same_seed_same_bits():
    assert same(train(model("adam", 0.5)), train(model("adam", 0.5)))


def test_other_seeds_differ():
    a, b = model(seed=0, dropout=0.5), model(seed=1, dropout=0.5)
    assert not np.array_equal(a.get_weights()[0], b.get_weights()[0])
    b.set_weights(a.get_weights())
    assert a.gradients(X, LABELS)[0] == b.gradients(X, LABELS)[0]
    assert a.gradients(X, LABELS, training=True)[0] != b.gradients(X, LABELS, training=True)[0], "the masks"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_devices_train_alike(dtype, dropout):
    x = X.astype(dtype)
    found, expected = (model("sgd", dropout, device=device, dtype=dtype) for device in ("cpu", "reference"))
    for _ in range(8):
        losses = [m.train_on_batch(x, LABELS) for m in (found, expected)]
        assert abs(losses[0] - losses[1]) <= AGREEMENT[x.dtype] * losses[1]
    for a, b in zip(found.get_weights(), expected.get_weights(), strict=True):
        assert_agrees(a, b)


@pytest.mark.compiled
def test_bits_do_not_depend_on_the_number_of_threads():
    random, results, before = np.random.default_rng(0), [], nn.get_num_threads()
    x, y = random.standard_normal((512, 200)).astype("float32"), random.integers(0, 3, 512)
    try:
        for count in (1, 2):
            nn.set_num_threads(count)
            m = nn.Sequential([layers.Dense(300, activation="tanh"), layers.Dense(3)])
            m.compile("sgd", "sparse_categorical_crossentropy")
            for _ in range(5):
                m.train_on_batch(x, y)
            results.append(m.get_weights())
    except ValueError:
        pytest.skip("one core")
    finally:
        nn.set_num_threads(before)
    assert same(*results)


def test_layers_of_a_trained_model_begin_anew_in_another_with_a_warning():
    a = model("adam")
    a.train_on_batch(X, LABELS)
    b = nn.Sequential([a.layers[0], layers.Dense(2)])
    words = r"build: 'dense' were trained .* this.set_weights\(other.get_weights\('dense'\)"
    with pytest.warns(UserWarning, match=words):
        b.build((4,))
    assert not same(a.get_weights("dense"), b.get_weights("dense"))
    b.set_weights(a.get_weights("dense"), "dense")
    assert same(a.get_weights()[:2], b.get_weights()[:2])
    refuses(lambda: b.get_weights("dens"), "get_weights", "layer", "'dense'")
    refuses(lambda: b.set_weights(a.get_weights(), "dense"), "set_weights: expected 2 arrays, received 4")


def test_layers_that_were_frozen_after_compile_are_warned_of():
    m = model()
    m.layers[0].trainable = False
    with pytest.warns(UserWarning, match="fit: layers were frozen or unfrozen. Compile again"):
        m.fit(X, LABELS, verbose=0)
