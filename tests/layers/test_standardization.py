"""Normalization: what it measures on data of any form, what it computes in a model, and what is refused."""

import gc
import warnings

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, DataError, DtypeError, ShapeError, StateError
from numbanet.layers import moments
from tests.models import same
from tests.oracles import assert_agrees

X = np.random.default_rng(0).standard_normal((37, 4, 3, 2)).astype("float32") * 3 + 5
AXES = [(-1, (0, 1, 2)), (1, (0, 2, 3)), (2, (0, 1, 3)), ((1, 2), (0, 3)), ((-1, -2), (0, 1)), (None, (0, 1, 2, 3))]
AXES += [((1, 2, 3), (0,)), ((), (0, 1, 2, 3)), ((-1,), (0, 1, 2))]


def adapted(data=X, **options):
    layer = layers.Normalization(**options)
    layer.adapt(data)
    return layer


def alone(layer, shape=X.shape[1:], dtype="float32"):
    m = nn.Sequential([layer])
    m.build(shape, dtype=dtype)
    m.compile("sgd", "mse")
    return m


# --- what is measured


@pytest.mark.parametrize(("axis", "others"), AXES, ids=str)
def test_mean_and_variance_are_numpys_in_float64(axis, others):
    layer = adapted(axis=axis)
    for found, expected in ((layer.mean, X.mean(others, np.float64)), (layer.variance, X.var(others, np.float64))):
        assert np.shape(found) == expected.shape
        assert np.allclose(found, expected, rtol=1e-13, atol=0)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool", "float16", "float64", ">f4"])
def test_data_of_any_numbers_is_measured_exactly(dtype):
    x = (X > 5 if dtype == "bool" else X.clip(0)).astype(dtype)
    layer = adapted(x)
    assert np.allclose(layer.mean, x.astype("float64").mean((0, 1, 2)), rtol=1e-13, atol=0)
    assert np.allclose(layer.variance, x.astype("float64").var((0, 1, 2)), rtol=1e-13, atol=0)


def test_a_small_spread_far_from_0_is_measured():
    x = 1e9 + np.random.default_rng(1).standard_normal((10_000, 1))
    assert np.allclose(adapted(x).variance, (x - 1e9).var(), rtol=1e-6)


@pytest.mark.parametrize("axis", [-1, (1, 2), None])
def test_data_comes_in_many_forms(axis, tmp_path, monkeypatch):
    expected = adapted(axis=axis)
    np.save(tmp_path / "x.npy", X)
    forms = {
        "mapped": np.load(tmp_path / "x.npy", mmap_mode="r"),
        "list of numbers": X.astype("float64").tolist(),
        "batches": [X[:10], X[10:]],
        "generator": (X[k : k + 5] for k in range(0, 37, 5)),
        "with targets": [(X[:36], np.zeros(36)), (X[36:], np.zeros(1))],
    }
    monkeypatch.setattr(moments, "CHUNK", 100)
    for name, data in forms.items():
        layer = adapted(data, axis=axis)
        assert np.allclose(layer.mean, expected.mean, rtol=1e-13, atol=0), name
        assert np.allclose(layer.variance, expected.variance, rtol=1e-12, atol=0), name


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_refused_by_their_place(bad, monkeypatch):
    x = X.copy()
    x[23, 1, 2, 0] = bad
    layer = adapted()
    before = layer.get_config()
    with pytest.raises(DataError, match=rf"Received: data\[23, 1, 2, 0\] = {bad}"):
        layer.adapt(x)
    monkeypatch.setattr(moments, "CHUNK", 50)
    with pytest.raises(DataError, match=rf"data\[23, 1, 2, 0\] = {bad}"):
        layer.adapt(x)
    with pytest.raises(DataError, match=rf"batch 2\[3, 1, 2, 0\] = {bad}"):
        layer.adapt(iter([x[:10], x[10:20], x[20:]]))
    assert layer.get_config() == before


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (np.zeros((0, 3)), DataError, "at least one sample"),
        ([], ShapeError, r"received \(0,\)"),
        (iter([]), DataError, "at least one sample"),
        (np.zeros(5), ShapeError, r"received \(5,\). Use x.reshape\(-1, 1\)"),
        (np.float64(3), ShapeError, r"received \(\)"),
        (np.array([["a", "b"]]), DtypeError, "received <U1"),
        (np.array([[None, 1]]), DtypeError, "received object"),
        (np.ma.masked_array(np.zeros((2, 2))), DtypeError, "masked"),
        ([[1.0, 2.0], [3.0]], ShapeError, "not an array of numbers"),
        ([np.zeros((2, 3)), np.zeros((2, 4))], ShapeError, r"expected batches with \(3,\).*received \(4,\)"),
        (3, ArgumentError, "received int"),
        ("data", ArgumentError, "received str"),
        (None, ArgumentError, "received NoneType"),
    ],
    ids=str,
)
def test_what_is_no_data_is_refused(data, error, words):
    layer = layers.Normalization()
    with pytest.raises(error, match=f"^Normalization: adapt: .*{words}"):
        layer.adapt(data)
    assert layer.mean is None


# --- in a model


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("axis", "others"), AXES, ids=str)
def test_the_output_has_mean_0_and_variance_1_and_invert_gives_the_input_back(axis, others, dtype):
    m = alone(adapted(axis=axis), dtype=dtype)
    y = m.predict(X.astype(dtype))
    assert abs(y.mean(others)).max() < 1e-5
    assert abs(y.var(others) - 1).max() < 1e-5
    assert_agrees(alone(adapted(axis=axis, invert=True), dtype=dtype).predict(y), X.astype("float64"))


@pytest.mark.parametrize("images", [False, True])
def test_one_channel_is_as_good_as_many(images):
    x = X[..., :1] if images else X[:, 0, 0, :1]
    y = alone(adapted(x), x.shape[1:]).predict(x)
    assert_agrees(y, (x - x.mean(dtype=np.float64)) / x.std(dtype=np.float64), 1e-5)


def test_a_feature_that_never_changes_becomes_0():
    x = np.stack([np.full(9, 4.0), np.arange(9.0)], axis=1).astype("float32")
    y = alone(adapted(x), (2,)).predict(x)
    assert (y[:, 0] == 0).all()
    assert abs(y[:, 1].var() - 1) < 1e-6


def test_mean_and_variance_are_weights_that_training_leaves_alone():
    m = nn.Sequential([adapted(), layers.Flatten(), layers.Dense(1)])
    m.compile("sgd", "mse")
    before = adapted()
    m.fit(X, np.ones((37, 1), "float32"), epochs=2, verbose=0)
    mean, variance, *_ = m.get_weights()
    assert m.weight_names[:2] == ["normalization/mean", "normalization/variance"]
    assert same([mean, variance], [np.float32(before.mean), np.float32(before.variance)])
    assert len(m.gradients(X, np.ones((37, 1), "float32"))[1]) == 2  # of the dense layer


def test_files_hold_the_weights_that_were_set(tmp_path):
    m = alone(adapted())
    m.set_weights([np.float32([1, 2]), np.float32([3, 4])], "normalization")
    m.save(tmp_path / "m.safetensors")
    again = nn.load_model(tmp_path / "m.safetensors")
    assert same(m, again)
    assert np.array_equal(again.predict(X), m.predict(X))
    assert again.layers[0].get_config() == m.layers[0].get_config()


def test_many_means_are_in_a_file_once_as_weights(tmp_path):
    x = np.random.default_rng(2).standard_normal((5, 70, 70, 1)).astype("float32")
    m = alone(adapted(x, axis=(1, 2)), (70, 70, 1))
    m.save(tmp_path / "m.safetensors")
    assert (tmp_path / "m.safetensors").stat().st_size < 2 * 4 * 4900 + 4096
    again = nn.load_model(tmp_path / "m.safetensors")
    assert np.array_equal(again.predict(x), m.predict(x))
    assert m.layers[0].get_config()["mean"] is None
    with pytest.raises(StateError, match="expected a mean and variance"):
        alone(layers.Normalization.from_config(m.layers[0].get_config()), (70, 70, 1))


def test_one_number_stands_for_all_features():
    m = alone(layers.Normalization(mean=5.0, variance=9.0))
    assert [w.tolist() for w in m.get_weights()] == [[5, 5], [9, 9]]
    assert_agrees(m.predict(X), (X - 5) / 3.0)
    assert alone(adapted(axis=None)).get_weights()[0].shape == (1,)


def test_sequences_keep_their_mask():
    x = X.reshape(37, 12, 2)
    m = nn.Sequential([adapted(x), layers.SimpleRNN(3)])
    m.build((12, 2))
    lengths = np.arange(37) % 12 + 1
    short = x.copy()
    short[np.arange(12) >= lengths[:, None]] = 7
    assert np.array_equal(m.predict(x, lengths=lengths), m.predict(short, lengths=lengths))


def test_adapting_a_layer_of_a_built_model_is_an_error_while_there_is_that_model():
    for wrapped in (False, True):
        layer = adapted(name="scale")
        m = nn.Sequential([layers.Residual([layer], name="r") if wrapped else layer])
        layer.adapt(X + 1)
        m.build(X.shape[1:])
        with pytest.raises(StateError, match=r"adapt expected a layer whose model is not built.*set_weights\("):
            layer.adapt(X)
        assert np.allclose(layer.mean, X.mean((0, 1, 2)) + 1, rtol=1e-6)
        del m
        gc.collect()
        layer.adapt(X)


def test_two_models_share_what_was_measured_without_a_warning():
    layer = adapted()
    a = nn.Sequential([layer, layers.Flatten(), layers.Dense(1)])
    a.compile("sgd", "mse")
    a.fit(X, np.ones((37, 1), "float32"), verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        b = alone(layer)
    assert same(a.get_weights()[:2], b.get_weights())


# --- what is refused


@pytest.mark.parametrize("axis", ["x", 1.5, True, (1, "x"), [None]])
def test_an_axis_is_a_number_or_several(axis):
    with pytest.raises(ArgumentError, match=r"^Normalization: axis must be an axis, a tuple of neighbouring axes, or"):
        layers.Normalization(axis=axis)


@pytest.mark.parametrize("axis", [0, 4, -4, (0, 1), (1, 3), (1, 1), (1, 7)])
def test_an_axis_must_be_in_the_data(axis):
    with pytest.raises(ShapeError, match="expected axis="):
        adapted(axis=axis)
    with pytest.raises(ShapeError, match=r"^Normalization .*expected axis="):
        alone(layers.Normalization(axis, 0.0, 1.0))


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"mean": 1.0}, "variance"),
        ({"variance": 1.0}, "mean"),
        ({"mean": [1.0, 2.0], "variance": 1.0}, "variance"),
        ({"mean": 0.0, "variance": -1.0}, "variance"),
        ({"mean": np.nan, "variance": 1.0}, "mean"),
        ({"mean": [1.0], "variance": [np.inf]}, "variance"),
        ({"mean": "one", "variance": 1.0}, "mean"),
        ({"mean": [[1.0], [2.0, 3.0]], "variance": 1.0}, "mean"),
        ({"mean": [], "variance": []}, "mean"),
        ({"invert": 1}, "invert"),
    ],
    ids=str,
)
def test_values_that_cannot_be_used_are_refused(options, argument):
    with pytest.raises(ArgumentError, match=f"^Normalization: {argument} must be "):
        layers.Normalization(**options)


def test_a_layer_that_knows_no_mean_is_refused_at_build():
    with pytest.raises(StateError, match=r"^Normalization \('normalization'\): .*Call adapt\(data\) before"):
        alone(layers.Normalization())


def test_other_images_than_those_measured_are_refused():
    with pytest.raises(ShapeError, match=r"expected input with \(2,\) along axis=-1.*received \(3,\)"):
        alone(adapted(), (4, 3, 3))
    assert alone(adapted(), (9, 9, 2)).built
