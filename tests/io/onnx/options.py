"""More options of layers than tests.layers.test_layer_contract.CASES has: shapes of samples, and layers."""

from itertools import product

from numbanet import layers as L
from numbanet.io.onnx.writing.recurrent import ACTIVATIONS

IMAGE, SEQUENCE = (9, 8, 4), (9, 4)


def convolutions():
    for padding, strides, dilation in product(("valid", "same", 1, (0, 2), ((1, 0), (2, 3))), (1, (2, 3)), (1, 2)):
        yield IMAGE, L.Conv2D(4, (3, 2), strides, padding, dilation, groups=2)
    for padding, strides in product(("valid", "same", 1, ((1, 0), (0, 1))), (1, 2, (3, 1))):
        yield IMAGE, L.DepthwiseConv2D((2, 3), strides, padding, depth_multiplier=2)
    for padding, dilation in product(("valid", "same", "causal", 2, (0, 3)), (1, 3)):
        yield SEQUENCE, L.Conv1D(6, 3, 1 + (dilation == 1), padding, dilation, groups=2)
    yield IMAGE, L.Conv2D(3, (3, 2), flip_kernel=True, padding="same", activation=L.ELU(0.3))
    yield IMAGE, L.Conv2D(3, 2, activation="log_softmax")
    yield IMAGE, L.Conv2D(4, 5, 7, "same")


def transposed_convolutions():
    paddings = ("valid", "same", 1, ((1, 0), (0, 1)))
    for padding, strides, more, size in product(paddings, (2, (3, 1)), (None, 0, (1, 0)), (2, 3)):
        yield IMAGE, L.Conv2DTranspose(4, size, strides, padding, more, groups=2)
    yield IMAGE, L.Conv2DTranspose(3, 3, 2, "same", dilation_rate=2, activation="relu")
    yield IMAGE, L.Conv2DTranspose(3, 1, 3, "valid", use_bias=False)


def pooling():
    for layer, padding, strides in product(
        (L.MaxPooling2D, L.AveragePooling2D), ("valid", "same", 1, ((1, 0), (0, 1))), (None, 1, (3, 2))
    ):
        yield IMAGE, layer((3, 2), strides, padding)
    for layer, padding in product((L.MaxPooling1D, L.AveragePooling1D), ("valid", "same", 1, (0, 2))):
        yield SEQUENCE, layer(3, 2, padding)


def frames():
    yield IMAGE, L.UpSampling2D((2, 3), "bilinear")
    yield IMAGE, L.Normalization(axis=(1, 2, 3), mean=0.3, variance=2.0)
    yield IMAGE, L.Normalization(axis=None, mean=0.3, variance=0.0, invert=True)
    yield IMAGE, L.Normalization(axis=2, mean=0.3, variance=1.5)
    yield IMAGE, L.RandomCrop(4, 5)


def recurrent():
    short = (3, 4)  # gates without bounds make errors grow with each step
    for activation in ACTIVATIONS:
        yield SEQUENCE, L.SimpleRNN(3, activation)
        yield SEQUENCE, L.LSTM(3, activation, "hard_sigmoid")
        yield short, L.GRU(3, "elu", activation)
    for layer, sequences, backwards, bias in product((L.SimpleRNN, L.LSTM), *[(False, True)] * 3):
        yield SEQUENCE, layer(3, return_sequences=sequences, go_backwards=backwards, use_bias=bias)
    for after, sequences, backwards, bias in product(*[(False, True)] * 4):
        yield (
            SEQUENCE,
            L.GRU(3, return_sequences=sequences, go_backwards=backwards, use_bias=bias, reset_after=after),
        )


def bidirectional():
    for mode, sequences, backwards in product(("concat", "sum", "mul", "ave"), (False, True), (False, True)):
        layer = L.LSTM(3, return_sequences=sequences, go_backwards=backwards)
        yield SEQUENCE, L.Bidirectional(layer, mode)
        other = L.GRU(3, return_sequences=sequences, go_backwards=not backwards)
        yield SEQUENCE, L.Bidirectional(L.SimpleRNN(3, return_sequences=sequences, go_backwards=backwards), mode, other)
    larger = L.GRU(5, "relu", reset_after=False, go_backwards=True)
    yield SEQUENCE, L.Bidirectional(L.GRU(3), backward_layer=larger)
    larger = L.GRU(3, "relu", "hard_sigmoid", go_backwards=True, use_bias=False)
    yield SEQUENCE, L.Bidirectional(L.GRU(3, "linear"), backward_layer=larger)


def each_step():
    yield (3, *IMAGE), L.TimeDistributed(L.Conv2D(3, 2, activation="softmax"))
    yield (3, *IMAGE), L.TimeDistributed(L.Flatten())
    yield (3, *IMAGE), L.TimeDistributed(L.GlobalAveragePooling2D())
    yield (3, *SEQUENCE), L.TimeDistributed(L.LSTM(3, return_sequences=True))
    yield (3, *SEQUENCE), L.TimeDistributed(L.TimeDistributed(L.Dense(2, "softmax", use_bias=False)))
    yield SEQUENCE, L.TimeDistributed(L.Residual([L.Dense(4), L.Softmax()], L.Dense(4), "relu"))
    yield SEQUENCE, L.TimeDistributed(L.Softmax())
    yield (3, 5), L.TimeDistributed(L.Embedding(6, 2))


def residual():
    yield IMAGE, L.Residual([L.Dropout(0.2)], activation="tanh")
    yield IMAGE, L.Residual([L.Conv2D(4, 3, padding="same")], L.DepthwiseConv2D(1), L.Softmax())
    yield IMAGE, L.Residual([L.Flatten()], [L.MaxPooling2D(1), L.Flatten()])
    yield SEQUENCE, L.Residual([L.LSTM(4, return_sequences=True)])
    yield SEQUENCE, L.Residual([L.Residual([L.Conv1D(4, 3, padding="same")]), L.LayerNormalization()])
    yield (5,), L.Residual([L.Embedding(9, 1), L.Flatten()])


FAMILIES = {
    maker.__name__: maker
    for maker in (
        convolutions,
        transposed_convolutions,
        pooling,
        frames,
        recurrent,
        bidirectional,
        each_step,
        residual,
    )
}
