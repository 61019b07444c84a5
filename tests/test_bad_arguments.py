"""What a user can get wrong in a constructor is refused there, by an error that names who, what and why."""

import pytest

import numbanet as nn
from numbanet import callbacks, initializers, layers, losses, metrics, optimizers, regularizers
from tests.models import refuses

NAN, INF = float("nan"), float("inf")
# what recurrent layers have in common
RECURRENT = {
    "units": (0, -1, 2.5, "8", None, True),
    "activation": ("softmax", "gelu", 3, None),
    "recurrent_activation": ("softmax", "sigmod", None),
    "use_bias": (1, None),
    "kernel_initializer": ("xavier", 1),
    "recurrent_initializer": ("orthogonal_", None),
    "bias_initializer": ("zero", 0.0),
    "recurrent_regularizer": ("l3", 0.01),
    "dropout": (1.0, -0.1, "0.5", None, NAN),
    "recurrent_dropout": (1.0, -0.1, 2, True),
    "return_sequences": (1, "yes"),
    "go_backwards": (0, None),
    "stateful": (1, True),  # True: without batch_size
    "batch_size": (0, 8),  # 8: without stateful
    "bptt_steps": (0, -1, 2.5),
}

# what is called, and words that the error must contain: who, and what was expected or came
CONSTRUCTORS = [
    *[(lambda v=v: layers.Dense(v), "Dense", "units") for v in (0, -3, 1.5, "8", None, True, NAN)],
    *[(lambda v=v: layers.Dense(3, activation=v), "Dense", "activation") for v in ("rellu", 3, "", object())],
    (lambda: layers.Dense(3, activation="sigmod"), "Did you mean", "sigmoid"),
    *[(lambda v=v: layers.Dense(3, use_bias=v), "Dense", "use_bias") for v in (1, "yes", None)],
    *[(lambda v=v: layers.Dense(3, kernel_initializer=v), "Dense", "kernel_initializer") for v in ("xavier", 1, None)],
    *[(lambda v=v: layers.Dense(3, bias_initializer=v), "Dense", "bias_initializer") for v in ("zero", 0.0)],
    *[(lambda v=v: layers.Dense(3, kernel_regularizer=v), "Dense", "kernel_regularizer") for v in ("l3", 0.01)],
    *[(lambda v=v: layers.Dense(3, name=v), "Dense", "name") for v in (3, "", "a/b")],
    *[(lambda v=v: layers.Dropout(v), "Dropout", "rate") for v in (1.0, -0.1, 2, "0.5", None, NAN, True)],
    *[(lambda v=v: layers.Bidirectional(v), "Bidirectional", "a recurrent layer") for v in (None, "LSTM", layers.GRU)],
    *[(lambda v=v: layers.Bidirectional(layers.GRU(2), v), "Bidirectional", "merge_mode") for v in (None, "add", 1)],
    *[(lambda v=v: layers.Embedding(v, 3), "Embedding", "input_dim") for v in (0, 1.5, "8", None, 2**24 + 1)],
    *[(lambda v=v: layers.Embedding(3, v), "Embedding", "output_dim") for v in (0, -1, True)],
    (lambda: layers.Embedding(3, 2, "normal_"), "Embedding", "embeddings_initializer"),
    (lambda: layers.Embedding(3, 2, embeddings_regularizer=0.1), "Embedding", "embeddings_regularizer"),
    *[(lambda v=v: layers.RepeatVector(v), "RepeatVector", "n must be a positive integer") for v in (0, 2.0, None)],
    *[(lambda v=v: layers.TimeDistributed(v), "TimeDistributed", "a layer") for v in (None, "Dense", layers.Dense)],
    *[
        (lambda c=c, n=n, v=v: getattr(layers, c)(**{"units": 4, n: v}), c, n)
        for c in ("SimpleRNN", "LSTM", "GRU")
        for n, bad in RECURRENT.items()
        for v in bad
        if c != "SimpleRNN" or n != "recurrent_activation"
    ],
    (lambda: layers.LSTM(3, unit_forget_bias=1), "LSTM", "unit_forget_bias"),
    (lambda: layers.GRU(3, reset_after=None), "GRU", "reset_after"),
    *[(lambda v=v: layers.LeakyReLU(v), "LeakyReLU", "alpha") for v in (-1, NAN, "x", None)],
    *[(lambda v=v: layers.ELU(v), "ELU", "alpha") for v in (-1, INF)],
    (lambda: layers.Activation("nope"), "Activation", "nope"),
    (lambda: layers.Activation(None), "Activation", "None"),
    *[(lambda v=v: optimizers.SGD(v), "SGD", "learning_rate") for v in (0, -1, NAN, INF, "0.1", None, True)],
    *[(lambda v=v: optimizers.SGD(momentum=v), "SGD", "momentum") for v in (1.0, -0.5, "a")],
    (lambda: optimizers.SGD(nesterov=True), "SGD", "momentum"),
    (lambda: optimizers.SGD(nesterov=1, momentum=0.9), "SGD", "nesterov"),
    *[(lambda v=v: optimizers.Adam(beta_1=v), "Adam", "beta_1") for v in (1, -0.1, None)],
    *[(lambda v=v: optimizers.Adam(beta_2=v), "Adam", "beta_2") for v in (1.0, NAN)],
    *[(lambda v=v: optimizers.Adam(epsilon=v), "Adam", "epsilon") for v in (0, -1e-7)],
    (lambda: optimizers.Adam(lr=0.1), "Adam", "lr"),
    (lambda: optimizers.AdamW(weight_decay=-1), "AdamW", "weight_decay"),
    *[(lambda v=v: optimizers.RMSprop(rho=v), "RMSprop", "rho") for v in (1, "x")],
    (lambda: optimizers.RMSprop(centered="no"), "RMSprop", "centered"),
    (lambda: optimizers.Adagrad(initial_accumulator_value=-1), "Adagrad", "initial_accumulator_value"),
    (lambda: optimizers.Lion(beta_1=2), "Lion", "beta_1"),
    *[(lambda v=v: optimizers.SGD(clipnorm=v), "SGD", "clipnorm") for v in (0, -1, NAN)],
    (lambda: optimizers.SGD(clipnorm=1, clipvalue=1), "SGD", "at most one"),
    *[(lambda v=v: losses.Huber(v), "Huber", "delta") for v in (0, -1, None)],
    *[(lambda v=v: losses.BinaryCrossentropy(from_logits=v), "BinaryCrossentropy", "from_logits") for v in (1, None)],
    *[(lambda v=v: losses.CategoricalCrossentropy(label_smoothing=v), "label_smoothing", "0 to 1") for v in (1, -0.1)],
    *[(lambda v=v: metrics.BinaryAccuracy(v), "BinaryAccuracy", "threshold") for v in (1.5, -1, "x")],
    (lambda: metrics.Precision(0.0, from_logits=True), "Precision", "threshold"),
    *[(lambda v=v: metrics.TopKCategoricalAccuracy(v), "TopK", "k must be") for v in (0, 2.5)],
    (lambda: metrics.ConfusionMatrix(0), "ConfusionMatrix", "num_classes"),
    *[(lambda v=v: regularizers.L2(v), "L2", "l2") for v in (-1, NAN, "x")],
    (lambda: initializers.Constant("x"), "Constant", "value"),
    (lambda: initializers.Orthogonal(0), "Orthogonal", "gain"),
    *[(lambda v=v: initializers.RandomUniform(*v), "RandomUniform", "m") for v in ((NAN,), (0, "x"), (1, 0))],
    *[(lambda v=v: callbacks.EarlyStopping(patience=v), "EarlyStopping", "patience") for v in (-1, 1.5)],
    (lambda: callbacks.EarlyStopping(mode="up"), "EarlyStopping", "mode"),
    (lambda: callbacks.EarlyStopping(min_delta=-1), "EarlyStopping", "min_delta"),
    *[(lambda v=v: nn.Sequential(seed=v), "Sequential", "seed") for v in (-1, 1.5, None, 2**64)],
    *[(lambda v=v: nn.Sequential(name=v), "Sequential", "name") for v in (3, None)],
    *[(lambda v=v: nn.Sequential(v), "Sequential", "layer") for v in ([3], [layers.Dense], "dense", 7, [None])],
    (lambda: nn.Sequential(layers.Dense(3)), "Sequential", "a list of layers"),
    (lambda: nn.Sequential([layers.Dense(3, name="a"), layers.Dense(3, name="a")]), "names must differ", "'a'"),
    *[(lambda v=v: nn.Perceptron(v), "Perceptron", "learning_rate") for v in (0, -1, "x")],
    (lambda: nn.Perceptron(device="gpu"), "device", "gpu"),
]


@pytest.mark.parametrize(("action", "who", "what"), CONSTRUCTORS)
def test_constructors_refuse(action, who, what):
    refuses(action, who, what)


def test_there_are_enough_of_them():
    assert len(CONSTRUCTORS) >= 50
