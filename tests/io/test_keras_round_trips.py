"""Twenty networks of Keras: read from memory and from both kinds of files, compared, changed here, and set there."""

import os

import numpy as np
import pytest

from numbanet.io.keras import fill_from_keras_weights, read_keras

from .round_trips import AGREE, apart, randomized, same_bits, samples, sequential

os.environ.setdefault("KERAS_BACKEND", "torch")
pytest.importorskip("torch")
keras = pytest.importorskip("keras", exc_type=ImportError)
pytest.importorskip("h5py")
L = keras.layers


def standardized():
    layer = L.Normalization()
    layer.adapt(np.random.default_rng(3).normal(2, 3, (30, 5)).astype("f4"))
    return layer


def functional(shape, layers):
    x = first = keras.Input(shape)
    for layer in layers:
        x = layer(x)
    return keras.Model(first, x)


# fmt: off
CASES = {  # layers, the shape of samples, and how many words there are
    "perceptron": lambda: ([L.Dense(8, "relu"), L.Dense(3, "softmax")], (6,)),
    "activations": lambda: (
        [
            L.Dense(9, "elu"), L.Dense(9, "selu"), L.Dense(9, "gelu"), L.Dense(9, "softplus"), L.Dense(9, "softsign"),
            L.Dense(9, "silu"), L.Dense(9, "mish"), L.Dense(9, "hard_sigmoid"), L.Dense(9, "leaky_relu"),
            L.Dense(9, "tanh"), L.Dense(9, L.LeakyReLU(negative_slope=0.1)), L.ReLU(negative_slope=0.2), L.ELU(0.5),
            L.Activation("sigmoid"), L.LeakyReLU(), L.Dense(4, "log_softmax"),
        ],
        (5,),
    ),
    "standardised": lambda: (
        [standardized(), L.Dense(4, "relu"), L.BatchNormalization(), L.Dense(2, use_bias=False)],
        (5,),
    ),
    "normalised": lambda: (
        [L.Dense(8), L.LayerNormalization(), L.ReLU(), L.Dropout(0.3), L.BatchNormalization(scale=False), L.Dense(3)],
        (6,),
    ),
    "nested": lambda: ([keras.Sequential([L.Dense(7), L.BatchNormalization()]), keras.Sequential([L.Dense(2)])], (4,)),
    "convolution": lambda: (
        [
            L.Conv2D(4, 3, padding="same", activation="relu"), L.BatchNormalization(), L.MaxPooling2D(),
            L.SpatialDropout2D(0.2), L.Flatten(), L.Dense(5, kernel_regularizer="l2"), L.Softmax(),
        ],
        (6, 6, 3),
    ),
    "groups, strides and dilation": lambda: (
        [L.Conv2D(4, 3, padding="same", dilation_rate=2, groups=2), L.ReLU(),
         L.Conv2D(3, (3, 1), (2, 1), use_bias=False)],
        (7, 5, 4),
    ),
    "depthwise": lambda: (
        [L.ZeroPadding2D(((1, 0), (2, 1))), L.DepthwiseConv2D(3, depth_multiplier=2, activation="relu"),
         L.Conv2D(4, 1)],
        (6, 5, 3),
    ),
    "separable": lambda: (
        [L.SeparableConv2D(5, 3, 2, "same", depth_multiplier=2, activation="relu"), L.GlobalAveragePooling2D(),
         L.Dense(2)],
        (8, 8, 3),
    ),
    "pooling": lambda: (
        [
            L.AveragePooling2D(2, 1, "same"), L.MaxPooling2D(3, 2, "same"), L.Cropping2D(1), L.Conv2D(3, 1),
            L.GlobalMaxPooling2D(keepdims=True), L.Reshape((-1,)), L.Dense(2),
        ],
        (9, 8, 2),
    ),
    "decoder": lambda: (
        [
            L.Dense(24), L.Reshape((2, 2, 6)), L.GroupNormalization(2), L.UpSampling2D(2),
            L.Conv2DTranspose(4, 3, 2, "same", activation="relu"), L.Conv2DTranspose(3, 2),
            L.UpSampling2D((1, 2), interpolation="bilinear"), L.Conv2D(3, 3),
        ],
        (5,),
    ),
    "pixels": lambda: ([L.Conv2D(4, 3), L.Dense(6, "relu"), L.LayerNormalization(), L.Dense(2)], (5, 5, 2)),
    "convolution over time": lambda: (
        [
            L.Conv1D(4, 3, padding="causal", dilation_rate=2), L.ReLU(), L.MaxPooling1D(), L.SpatialDropout1D(0.1),
            L.Conv1D(6, 2, groups=2), L.AveragePooling1D(2), L.Flatten(), L.Dense(3),
        ],
        (12, 3),
    ),
    "depthwise over time": lambda: (
        [
            L.ZeroPadding1D(1), L.DepthwiseConv1D(3, depth_multiplier=2), L.SeparableConv1D(5, 3, activation="tanh"),
            L.UpSampling1D(2), L.Cropping1D((1, 0)), L.GlobalAveragePooling1D(), L.Dense(2),
        ],
        (9, 3),
    ),
    "SimpleRNN": lambda: (
        [L.SimpleRNN(5, return_sequences=True, activation="relu"), L.SimpleRNN(3, go_backwards=True)],
        (7, 4),
    ),
    "LSTM of words": lambda: (
        [L.Embedding(11, 4, mask_zero=True), L.LSTM(5, return_sequences=True), L.LSTM(4), L.Dense(3)],
        (7,),
        11,
    ),
    "GRU": lambda: (
        [L.GRU(5, return_sequences=True), L.GRU(4, reset_after=False, return_sequences=True),
         L.GRU(3, use_bias=False), L.Dense(2)],
        (6, 4),
    ),
    "bidirectional": lambda: (
        [
            L.Embedding(9, 4), L.Bidirectional(L.LSTM(3, return_sequences=True)),
            L.Bidirectional(L.GRU(3, return_sequences=True), "sum"),
            L.TimeDistributed(L.Dense(4, "tanh")), L.Bidirectional(L.SimpleRNN(2), "ave"), L.Dense(2),
        ],
        (6,),
        9,
    ),
    "steps": lambda: (
        [
            L.TimeDistributed(L.BatchNormalization()), L.Masking(), L.Dense(5, "relu"), L.LSTM(4), L.RepeatVector(3),
            L.Dense(2),
        ],
        (5, 4),
    ),
    "functional": lambda: (
        [L.Embedding(8, 3), L.Conv1D(4, 3, activation="relu"), L.GlobalMaxPooling1D(), L.Dense(2, "sigmoid")],
        (9,),
        8,
    ),
}
# fmt: on


def built(name):
    """The model, with other values in its weights, and samples for it."""
    layers, shape, indices = (*CASES[name](), 0)[:3]
    model = functional(shape, layers) if name == "functional" else keras.Sequential([keras.Input(shape), *layers])
    kept = model.get_weights()
    model.set_weights([a if b.dtype != "float32" else b for a, b in zip(kept, randomized(kept), strict=True)])
    return model, samples(shape, indices)


def theirs(model, x):
    return keras.ops.convert_to_numpy(model(x, training=False))


def weights(model):
    """What both sides have: Keras's count of the samples that a Normalization has seen is not here."""
    return [a for a in model.get_weights() if a.dtype == np.float32]


def same_numbers(ours, keras_weights):
    """The same floats in the same order; depthwise kernels over time have an axis more there."""
    return same_bits([a.ravel() for a in ours], [a.ravel() for a in keras_weights])


@pytest.mark.filterwarnings("ignore")  # of Keras's own dependencies
@pytest.mark.parametrize("name", CASES)
def test_a_network_of_keras_gives_the_same_here_and_back_there(name, tmp_path):
    model, x = built(name)
    wanted = theirs(model, x)
    model.save(tmp_path / "a.keras")
    model.save(tmp_path / "a.h5")
    for source in (tmp_path / "a.h5", tmp_path / "a.keras", model):
        ours = sequential(read_keras(source))
        assert apart(ours.predict(x), wanted) < AGREE
        assert same_numbers(ours.get_weights(), weights(model))

    changed = randomized(ours.get_weights(), seed=5)
    ours.set_weights(changed)
    shapes = iter(changed)
    model.set_weights([next(shapes).reshape(a.shape) if a.dtype == np.float32 else a for a in model.get_weights()])
    assert apart(ours.predict(x), theirs(model, x)) < AGREE
    model.save(tmp_path / "b.keras")
    assert same_bits(fill_from_keras_weights(ours._network, tmp_path / "b.keras"), changed)
    assert same_bits(read_keras(model).values, changed)


def test_there_are_twenty_networks():
    assert len(CASES) == 20


ALONE = [
    "perceptron",
    "standardised",
    "convolution",
    "depthwise",
    "decoder",
    "pixels",
    "GRU",
    "LSTM of words",
    "functional",
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("kind", ["a.weights.h5", "older.h5"])
def test_files_with_weights_alone_fill_a_model(name, kind, tmp_path):
    model, _ = built(name)
    if kind == "older.h5":
        import h5py
        from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

        with h5py.File(tmp_path / kind, "w") as file:
            save_weights_to_hdf5_group(file, model)
    else:
        model.save_weights(tmp_path / kind)
    ours = sequential(read_keras(model))
    wanted = ours.get_weights()
    ours.set_weights([np.zeros_like(a) for a in wanted])
    assert same_bits(fill_from_keras_weights(ours._network, tmp_path / kind), wanted)
