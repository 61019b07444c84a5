"""NumbanetClassifier and NumbanetRegressor as scikit-learn's users use them."""

import pickle
import warnings

import numpy as np
import pytest

import numbanet as nn

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from numbanet.sklearn import NumbanetClassifier, NumbanetRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 4)).astype(np.float32)
SIDE = X[:, 0] + X[:, 1] ** 2
LABELS = np.array(["low", "middle", "high"])[np.digitize(SIDE, [0.2, 1.5])]
NUMBERS = SIDE.astype(np.float32)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def classifier(**changes):
    settings = {"hidden_layer_sizes": (16,), "max_iter": 60, "random_state": 0, "learning_rate_init": 0.02}
    return NumbanetClassifier(**settings | changes)


def regressor(**changes):
    return NumbanetRegressor((16,), **{"max_iter": 80, "random_state": 0, "learning_rate_init": 0.02} | changes)


def test_strings_are_classes():
    found = classifier().fit(X, LABELS)
    assert list(found.classes_) == ["high", "low", "middle"]
    assert found.score(X, LABELS) > 0.9
    p = found.predict_proba(X)
    assert p.shape == (150, 3)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(found.classes_[found.decision_function(X).argmax(axis=1)], found.predict(X))


def test_two_classes_have_one_decision():
    y = LABELS == "high"
    found = classifier().fit(X, y)
    assert found.predict(X).dtype == bool
    np.testing.assert_array_equal(found.decision_function(X) > 0, found.predict(X))


def test_labels_that_come_together():
    y = np.stack([SIDE > 0.5, X[:, 2] > 0], axis=1).astype(int)
    found = classifier(max_iter=100).fit(X, y)
    assert found.predict(X).shape == found.predict_proba(X).shape == (150, 2)
    assert f1_score(y, found.predict(X), average="macro") > 0.9


def test_images_and_a_factory():
    images = np.zeros((80, 6, 6, 1), np.float32)
    y = np.arange(80) % 2
    images[y == 0, 2, :] = 1
    images[y == 1, :, 2] = 1
    images += RNG.normal(size=images.shape).astype(np.float32) * 0.1

    def network(input_shape, outputs):
        assert (input_shape, outputs) == ((6, 6, 1), 2)
        conv = nn.layers.Conv2D(4, 3, activation="relu")
        return nn.Sequential([conv, nn.layers.GlobalMaxPooling2D(), nn.layers.Dense(outputs)])

    found = NumbanetClassifier(model=network, max_iter=40, learning_rate_init=0.02, random_state=1).fit(images, y)
    assert found.score(images, y) == 1
    assert clone(found).fit(images, y).score(images, y) == 1


def test_a_factory_that_compiles_keeps_its_loss():
    def network(input_shape, outputs):
        model = nn.Sequential([nn.layers.Dense(8, "tanh"), nn.layers.Dense(1, "sigmoid")])
        model.compile(nn.optimizers.Adam(0.02), nn.losses.BinaryCrossentropy(from_logits=False), ["accuracy"])
        return model

    y = np.where(SIDE > 0.5, "yes", "no")
    found = NumbanetClassifier(model=network, max_iter=60, random_state=1).fit(X, y)
    assert found.score(X, y) > 0.9
    assert set(found.history_) == {"loss", "accuracy"}
    np.testing.assert_array_equal(found.decision_function(X) > 0, found.predict(X) == "yes")


def test_sequences_and_a_factory():
    waves = RNG.normal(size=(60, 12, 1)).astype(np.float32)

    def network(input_shape, outputs):
        return nn.Sequential([nn.layers.LSTM(6), nn.layers.Dense(outputs)])

    found = NumbanetRegressor(model=network, max_iter=60, learning_rate_init=0.02, random_state=0)
    assert found.fit(waves, waves[:, -1, 0]).score(waves, waves[:, -1, 0]) > 0.9


def test_in_a_pipeline_a_search_with_two_processes_ends():
    pipe = make_pipeline(StandardScaler(), classifier(max_iter=20))
    grid = {"numbanetclassifier__hidden_layer_sizes": [(4,), (16,)], "numbanetclassifier__dropout": [0.0, 0.2]}
    search = GridSearchCV(pipe, grid, cv=2, n_jobs=2).fit(X, LABELS)
    assert search.best_score_ > 0.6
    assert search.predict(X[:3]).dtype == LABELS.dtype


def test_regression_of_one_number_and_of_several():
    assert regressor().fit(X, NUMBERS).score(X, NUMBERS) > 0.9
    both = np.stack([NUMBERS, -NUMBERS], axis=1)
    found = regressor(max_iter=150).fit(X, both)
    assert found.predict(X).shape == (150, 2)
    assert found.score(X, both) > 0.9
    far = TransformedTargetRegressor(regressor(), transformer=StandardScaler()).fit(X, 1000 + 50 * NUMBERS)
    assert far.score(X, 1000 + 50 * NUMBERS) > 0.9


def test_weights_are_repetitions():
    weights = RNG.integers(0, 3, size=150)
    repeated = np.repeat(np.arange(150), weights)
    x = X.astype(np.float64)
    options = {"batch_size": 1000, "tol": 0.0, "max_iter": 30}
    one = regressor(**options).fit(x, NUMBERS, sample_weight=weights)
    two = regressor(**options).fit(x[repeated], NUMBERS[repeated])
    np.testing.assert_allclose(one.predict(x), two.predict(x), rtol=1e-6)


def test_class_weight_helps_the_rare_class():
    y = (SIDE > 2.5).astype(int)
    assert 0 < y.mean() < 0.2
    plain = classifier(max_iter=5).fit(X, y).predict_proba(X)[:, 1].mean()
    balanced = classifier(max_iter=5, class_weight="balanced").fit(X, y).predict_proba(X)[:, 1].mean()
    named = classifier(max_iter=5, class_weight={0: 1.0, 1: 30.0}).fit(X, y).predict_proba(X)[:, 1].mean()
    assert plain < balanced < named


def test_partial_fit_is_an_epoch_and_goes_on():
    found = classifier()
    for _ in range(80):
        found.partial_fit(X, LABELS, classes=np.unique(LABELS))
    assert len(found.loss_curve_) == 80
    assert found.score(X, LABELS) > 0.85
    with pytest.raises(ValueError, match=r"labels \[.*other"):
        found.partial_fit(X[:2], ["other", "low"])
    with pytest.raises(ValueError, match="needs classes"):
        classifier().partial_fit(X, LABELS)
    again = pickle.loads(pickle.dumps(found))
    found.partial_fit(X, LABELS)
    again.partial_fit(X, LABELS)
    np.testing.assert_array_equal(found.predict_proba(X), again.predict_proba(X))


def test_warm_start_goes_on_and_a_cold_one_begins_anew():
    warm = regressor(warm_start=True, max_iter=10).fit(X, NUMBERS)
    first = warm.loss_
    assert warm.fit(X, NUMBERS).loss_ < first
    assert len(warm.loss_curve_) == 20
    cold = regressor(max_iter=10).fit(X, NUMBERS)
    assert cold.fit(X, NUMBERS).loss_ == first
    with pytest.raises(ValueError, match="warm_start expects the classes"):
        classifier(warm_start=True).fit(X, LABELS).fit(X, LABELS == "low")


def test_a_model_that_is_there_takes_x_in_its_type():
    warm = regressor(warm_start=True, max_iter=2).fit(X, NUMBERS)
    wide = RNG.normal(size=X.shape)  # no float32 holds these
    assert warm.fit(wide, NUMBERS).predict(wide).dtype == np.float32
    classifier().partial_fit(X, LABELS, np.unique(LABELS)).partial_fit(wide, LABELS)


def test_a_first_partial_fit_that_is_refused_leaves_nothing():
    found = classifier(class_weight={"high": 3.0})
    with pytest.raises(ValueError, match="y has labels"):
        found.partial_fit(X, LABELS, ["high", "low"])
    found.partial_fit(X, LABELS, np.unique(LABELS))
    found.partial_fit(X[LABELS == "low"], LABELS[LABELS == "low"])  # without the class that has a weight
    with pytest.raises(ValueError, match="expected y as in the first call"):
        found.partial_fit(X, np.eye(3, dtype=int)[RNG.integers(3, size=150)])
    assert set(found.predict(X)) <= set(LABELS)


def test_sparse_labels_are_labels():
    sparse = pytest.importorskip("scipy.sparse")
    y = np.stack([SIDE > 0.5, X[:, 2] > 0], axis=1).astype(int)
    one, two = (classifier(max_iter=3).fit(X, labels).predict_proba(X) for labels in (y, sparse.csr_matrix(y)))
    np.testing.assert_array_equal(one, two)


def _three_outputs(loss=None):
    def network(input_shape, outputs):
        model = nn.Sequential([nn.layers.Dense(3)])
        if loss:
            model.compile("adam", loss)
        return model

    return network


@pytest.mark.parametrize(
    ("loss", "y", "text"),
    [
        (None, LABELS == "low", "n_outputs=2 outputs"),
        ("hinge", LABELS, "compiled with a cross-entropy"),
        ("binary_crossentropy", LABELS, "3 classes need"),
        ("categorical_crossentropy", np.eye(3, dtype=int)[[0, 1, 2, 2, 1] * 30] | [1, 0, 0], "as labels need"),
    ],
)
def test_a_factory_whose_model_does_not_fit_is_named(loss, y, text):
    with pytest.raises(ValueError, match=text):
        classifier(model=_three_outputs(loss)).fit(X, y)


def test_early_stopping_keeps_the_best_weights():
    found = classifier(early_stopping=True, max_iter=300, n_iter_no_change=5).fit(X, LABELS)
    assert found.n_iter_ < 300
    assert len(found.history_["val_loss"]) == found.n_iter_


def test_the_same_random_state_gives_the_same_bits():
    one, two = (classifier().fit(X, LABELS).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, classifier(random_state=1).fit(X, LABELS).predict_proba(X))


def test_the_type_of_x_is_the_type_of_the_model():
    assert classifier(max_iter=2).fit(X, LABELS).predict_proba(X).dtype == np.float32
    assert classifier(max_iter=2).fit(X.astype(np.float64), LABELS).predict_proba(X).dtype == np.float64


def test_it_says_when_it_did_not_end():
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        with pytest.raises(ConvergenceWarning, match="max_iter=2 epochs reached"):
            classifier(max_iter=2).fit(X, LABELS)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes must be a positive integer"),
        ({"solver": "adm"}, "Did you mean 'adam'"),
        ({"dropout": 1.0}, "dropout must be"),
        ({"max_iter": 0}, "max_iter must be a positive integer"),
        ({"batch_size": "all"}, "batch_size must be a positive integer"),
        ({"early_stopping": True, "validation_fraction": 1.5}, "validation_fraction must be"),
        ({"model": "cnn"}, "model must be a function"),
        ({"model": lambda shape, outputs: None}, "returns a new Sequential"),
        ({"activation": "rely"}, "relu"),
    ],
)
def test_what_cannot_be_used_is_named(changes, text):
    with pytest.raises(ValueError, match=text):
        classifier(**changes).fit(X, LABELS)


def test_data_that_cannot_be_used_are_named():
    with pytest.raises(NotFittedError):
        classifier().predict(X)
    with pytest.raises(ValueError, match="2 classes or more"):
        classifier().fit(X, np.zeros(150))
    with pytest.raises(ValueError, match="NaN"):
        classifier().fit(np.where(X > 2, np.nan, X), LABELS)
    with pytest.raises(ValueError, match="features"):
        classifier(max_iter=2).fit(X, LABELS).predict(X[:, :3])


@pytest.mark.slow
def test_digits_are_told_apart_as_well_as_by_scikit_learn():
    from sklearn.neural_network import MLPClassifier

    x, y = nn.datasets.load_digits()
    ours = cross_val_score(NumbanetClassifier((64,), max_iter=60, random_state=0), x, y, cv=3)
    theirs = cross_val_score(MLPClassifier((64,), max_iter=60, random_state=0), x, y, cv=3)
    print(f"three folds of the digits: {ours.mean():.4f}, MLPClassifier {theirs.mean():.4f}")
    assert ours.mean() > theirs.mean() - 0.01
