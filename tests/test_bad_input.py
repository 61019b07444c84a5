"""What a user can get wrong in a model's use is refused before any kernel runs, by an error that names who and why."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import callbacks, layers, losses, metrics
from numbanet.kernels import _kernel
from tests.models import refuses

NAN, INF = float("nan"), float("inf")
X = np.linspace(-1, 1, 40, dtype="float32").reshape(10, 4)
DOUBLE = np.linspace(-1, 1, 40).reshape(10, 4)  # float32 would round it
LABELS = np.arange(10) % 3
ONE_HOT = np.eye(3, dtype="float32")[LABELS]
BINARY = (np.arange(10) % 2).astype("float32").reshape(10, 1)


def model(loss="sparse_categorical_crossentropy", units=3, **build):
    m = nn.Sequential([layers.Dense(5, activation="relu"), layers.Dense(units)], seed=0)
    m.build((4,), **build)
    m.compile("sgd", loss, ["accuracy"])
    return m


def with_value(array, value, at=(3, 1)):
    changed = array.copy()
    changed[at[: changed.ndim]] = value
    return changed


# what is called, and words that the error must contain: who, and what was expected or came
USES = [
    # build and compile
    *[
        (lambda v=v: nn.Sequential([layers.Dense(3)]).build(v), "build", "input_shape")
        for v in ((), "4", 4, (0,), (-1,), (2.5,), None)
    ],
    (lambda: nn.Sequential([layers.Dense(3)]).build((8, 8)), "Dense (layer 0, 'dense')", "Put Flatten() before it"),
    (lambda: nn.Sequential([]).build((4,)), "build", "Add a layer"),
    *[(lambda v=v: model(device=v), "device", "cpu, cuda, reference") for v in ("cuda2", "CPU", 3)],
    *[(lambda v=v: model(dtype=v), "build", "dtype") for v in ("float16", "int32", 32)],
    (lambda: nn.Sequential([layers.Dense(3)]).compile("adam"), "compile", "loss"),
    *[(lambda v=v: model().compile(v, "mse"), "compile", "optimizer") for v in ("adm", 3, None)],
    *[(lambda v=v: model().compile("sgd", v), "compile", "loss") for v in ("msee", 3, losses.MeanSquaredError)],
    *[
        (lambda v=v: model().compile("sgd", "mse", v), "compile", "metrics")
        for v in (["acuracy"], "accuracy", [3], ["mae", "mae"])
    ],
    (
        lambda: model().compile("sgd", "mse", [metrics.SparseCategoricalAccuracy()]),
        "SparseCategoricalAccuracy",
        "labels",
    ),
    (
        lambda: model().compile("sgd", losses.SparseCategoricalCrossentropy(), ["categorical_accuracy"]),
        "CategoricalAccuracy",
        "expects",
    ),
    (
        lambda: model().compile("sgd", losses.SparseCategoricalCrossentropy(), [metrics.ConfusionMatrix(4)]),
        "num_classes=3",
        "4",
    ),
    (lambda: model(units=1), "SparseCategoricalCrossentropy", "BinaryCrossentropy"),
    # too early
    (lambda: nn.Sequential([layers.Dense(3)]).fit(X, LABELS), "fit", "compile"),
    (lambda: nn.Sequential([layers.Dense(3)]).predict(X), "predict", "build"),
    (lambda: nn.Sequential([layers.Dense(3)]).evaluate(X, LABELS), "evaluate", "compile"),
    (lambda: nn.Sequential([layers.Dense(3)]).get_weights(), "get_weights", "build"),
    (lambda: nn.Sequential([layers.Dense(3)]).set_weights([]), "set_weights", "build"),
    (lambda: nn.Sequential([layers.Dense(3)]).summary(), "summary", "build"),
    (lambda: nn.Sequential([layers.Dense(3)]).count_params(), "count_params", "build"),
    (lambda: nn.Sequential([layers.Dense(3)]).train_on_batch(X, LABELS), "train_on_batch", "compile"),
    (lambda: nn.Sequential([layers.Dense(3)]).gradients(X, LABELS), "gradients", "compile"),
    (lambda: nn.Sequential([layers.Dense(3)]).input_gradient(X, LABELS), "input_gradient", "compile"),
    (lambda: nn.Sequential([]).pop(), "pop", "without"),
    (lambda: nn.Sequential([layers.ReLU()]).build((4,)) or fit_nothing(), "fit", "parameters"),
    (lambda: nn.Perceptron().predict(X), "Perceptron", "fit first"),
    # weights
    (lambda: model().set_weights([]), "set_weights", "4 arrays"),
    (lambda: model().set_weights("abcd"), "set_weights", "list"),
    (lambda: model().set_weights([np.zeros((4, 5), "f")] * 4), "dense/bias", "(5,)"),
    (lambda: model().set_weights([w.astype("float64") / 3 for w in model().get_weights()]), "dense/kernel", "float64"),
    (lambda: model().get_layer("nope"), "get_layer", "nope"),
    # fit's arguments
    *[(lambda v=v: model().fit(X, LABELS, batch_size=v), "fit", "batch_size") for v in (0, -1, 2.5, "32")],
    *[(lambda v=v: model().fit(X, LABELS, epochs=v), "fit", "epochs") for v in (0, -1, 1.5)],
    *[
        (lambda v=v: model().fit(X, LABELS, validation_split=v), "fit", "validation_split")
        for v in (1.0, -0.1, "x", 0.01)
    ],
    (lambda: model().fit(X, LABELS, validation_split=0.2, validation_data=(X, LABELS)), "validation_split", "0 where"),
    *[(lambda v=v: model().fit(X, LABELS, validation_data=v), "fit", "validation_data") for v in (X, (X,), "xy")],
    (lambda: model().fit(X, LABELS, validation_data=(X, LABELS[:3])), "validation_data", "10"),
    (lambda: model().fit(X, LABELS, shuffle=1), "fit", "shuffle"),
    *[(lambda v=v: model().fit(X, LABELS, verbose=v), "fit", "verbose") for v in (3, "loud", True)],
    (lambda: model().fit(X, LABELS, callbacks=[3]), "fit", "callbacks"),
    (
        lambda: model().fit(X, LABELS, callbacks=[callbacks.EarlyStopping("val_los")], verbose=0),
        "EarlyStopping",
        "val_los",
    ),
    *[
        (lambda v=v: model().fit(X, LABELS, class_weight=v), "class_weight", "label")
        for v in ({0: 1}, {}, [1, 2, 3], {0: -1, 1: 1, 2: 1}, {0: "a", 1: 1, 2: 1})
    ],
    (lambda: model("mse").fit(X, ONE_HOT * 0.5, class_weight={0: 1}), "class_weight", "one-hot"),
    *[
        (lambda v=v: model().fit(X, LABELS, sample_weight=v), "sample_weight", "")
        for v in (
            np.ones(3, "f"),
            np.ones((10, 1), "f"),
            -np.ones(10, "f"),
            np.full(10, NAN, "f"),
            np.ones(10) / 3,
            "x",
        )
    ],
    *[(lambda v=v: model().predict(X, batch_size=v), "predict", "batch_size") for v in (0, 1.5)],
    (lambda: model().gradients(X, LABELS, training=1), "gradients", "training"),
    # the perceptron
    (lambda: nn.Perceptron().fit([[0, 0], [0, 1]], [0, 2]), "Perceptron", "0 and 1"),
    (lambda: nn.Perceptron().fit([0, 1], [0, 1]), "Perceptron", "(N, features)"),
    (lambda: nn.Perceptron().fit([[0.0], [NAN]], [0, 1]), "Perceptron", "finite"),
    (lambda: nn.Perceptron().fit([[0.0], [1.0]], [0, 1, 1]), "Perceptron", "(2,)"),
    (lambda: nn.Perceptron().fit([[0.0], [1.0]], [0, 1], epochs=0), "Perceptron", "epochs"),
    (lambda: nn.Perceptron().fit([[0.0], [1.0]], [0, 1]).predict([[1.0, 2.0]]), "Perceptron", "(N, 1)"),
]

BAD_X = [
    (X[0], "(N, 4)"),
    (X[:, :3], "(N, 4)"),
    (X.reshape(10, 2, 2), "(N, 4)"),
    (X[:0], "one sample or more"),
    (np.float32(3), "single number"),
    (DOUBLE, "astype('float32')"),
    (X.astype("complex64"), "complex64"),
    (X.astype("str"), "<U"),
    (X.astype(object), "object"),
    ("abc", "<U"),
    (None, "object"),
    ([[1, 2, 3, 4], [1, 2]], "not an array"),
    (with_value(X, NAN), "x[3, 1] = nan"),
    (with_value(X, INF), "x[3, 1] = inf"),
    (with_value(X, -INF), "x[3, 1] = -inf"),
    (np.full((10, 4), 2**30 + 1), "exactly"),
    (X[:9], "9"),
]

BAD_Y = [
    (None, LABELS[:9], "10"),
    (None, LABELS.astype("float32"), "integer labels"),
    (None, with_value(LABELS, 3), "y[3] = 3"),
    (None, with_value(LABELS, -1), "y[3] = -1"),
    (None, LABELS.reshape(10, 1), "reshape(-1)"),
    (None, ONE_HOT.astype("int64"), "For one-hot rows use CategoricalCrossentropy"),
    (None, ONE_HOT, "For one-hot rows use CategoricalCrossentropy"),
    (None, ONE_HOT > 0, "For one-hot rows use CategoricalCrossentropy"),
    (None, ONE_HOT[:, :1], "y.astype('int64')"),
    (None, list("abcdefghij"), "<U1"),
    (None, LABELS[:0], "one sample or more"),
    (None, np.int64(1), "single number"),
    (None, LABELS > 0, "bool"),
    (None, np.full(10, 2**63, "uint64"), "2^63"),
    ("categorical_crossentropy", LABELS, "SparseCategoricalCrossentropy"),
    ("categorical_crossentropy", ONE_HOT[:, :2], "(10, 3)"),
    ("categorical_crossentropy", ONE_HOT * 2, "from 0 to 1"),
    ("categorical_crossentropy", with_value(ONE_HOT, NAN), "y[3, 1] = nan"),
    ("mse", ONE_HOT.astype("float64") / 3, "astype('float32')"),
    ("mse", with_value(ONE_HOT, INF), "y[3, 1] = inf"),
    ("mse", ONE_HOT[:, :1], "(10, 3)"),
    ("hinge", ONE_HOT + 1, "-1 and 1"),
]

BAD_Y_OF_ONE_OUTPUT = [
    ("binary_crossentropy", BINARY[:, 0], "reshape(-1, 1)"),
    ("binary_crossentropy", BINARY * 2, "from 0 to 1"),
    ("binary_crossentropy", BINARY - 1, "y[0, 0] = -1"),
    ("mse", BINARY[:, 0], "reshape(-1, 1)"),
    ("mae", BINARY.reshape(10, 1, 1), "(10, 1)"),
    ("huber", BINARY[:, 0], "reshape(-1, 1)"),
    ("hinge", BINARY + 0.5, "-1 and 1"),
]

METHODS = ["fit", "evaluate", "train_on_batch", "gradients", "input_gradient"]


def fit_nothing():
    m = nn.Sequential([layers.ReLU()])
    m.build((3,))
    m.compile("sgd", "mse")
    m.fit(X[:, :3], ONE_HOT)


@pytest.fixture
def no_kernel(monkeypatch):
    """Fails where a kernel that writes weights or activations runs; the checks of the data may."""
    ran = []
    run = _kernel.Executor.run

    def watched(self):
        names = {b.kernel.name.split(".")[2] for b in self.bound}
        ran.extend(names - {"check", "random"})
        return run(self)

    monkeypatch.setattr(_kernel.Executor, "run", watched)
    return ran


@pytest.mark.parametrize(("action", "who", "what"), USES)
def test_uses_refuse(action, who, what):
    refuses(action, who, what)


@pytest.mark.parametrize("method", [*METHODS, "predict"])
@pytest.mark.parametrize(("x", "words"), BAD_X)
def test_samples_are_checked(no_kernel, method, x, words):
    m = model()
    before = m.get_weights()
    if method == "predict":
        if words == "9":
            return  # any number of samples will do
        refuses(lambda: m.predict(x), "predict", words)
    else:
        refuses(lambda: getattr(m, method)(x, LABELS), method, words)
    assert not no_kernel
    assert all(np.array_equal(a, b) for a, b in zip(before, m.get_weights(), strict=True))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("loss", "y", "words"), BAD_Y)
def test_targets_are_checked(no_kernel, method, loss, y, words):
    m = model(loss or "sparse_categorical_crossentropy", 3)
    refuses(lambda: getattr(m, method)(X, y), method, words)
    assert not no_kernel


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("loss", "y", "words"), BAD_Y_OF_ONE_OUTPUT)
def test_targets_of_one_output_are_checked(no_kernel, method, loss, y, words):
    m = model(loss, 1)
    refuses(lambda: getattr(m, method)(X, y), method, words)
    assert not no_kernel


def test_there_are_enough_of_them():
    assert len(USES) + len(BAD_X) + len(BAD_Y) + len(BAD_Y_OF_ONE_OUTPUT) >= 100


def test_refused_data_leaves_the_model_usable():
    m = model()
    refuses(lambda: m.train_on_batch(with_value(X, NAN), LABELS), "train_on_batch")
    assert np.isfinite(m.train_on_batch(X, LABELS))


def test_what_is_exact_is_taken():
    m = model()
    expected = m.predict(np.round(X * 3))
    for x in (*(np.round(X * 3).astype(t) for t in ("int64", "float16", "float64")), np.round(X * 3).tolist()):
        assert np.array_equal(m.predict(x), expected)
    assert np.array_equal(m.predict(np.asfortranarray(np.round(X * 3))), expected)
