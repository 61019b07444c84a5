"""Whole networks that are exported and imported: the shape of a sample, and a function that makes the layers."""

from numbanet import layers as L


def lenet():
    return [
        L.Conv2D(6, 5, padding="same", activation="tanh"),
        L.AveragePooling2D(2),
        L.Conv2D(16, 5, activation="tanh"),
        L.AveragePooling2D(2),
        L.Flatten(),
        L.Dense(120, "tanh"),
        L.Dense(84, "tanh"),
        L.Dense(10),
    ]


def batch_normalized():
    return [
        L.RandomFlip("horizontal"),
        L.RandomCrop(10, 8),
        L.Conv2D(8, 3, padding="same", use_bias=False),
        L.BatchNormalization(),
        L.ReLU(),
        L.MaxPooling2D(2),
        L.Conv2D(12, 3, padding="same", use_bias=False),
        L.BatchNormalization(),
        L.ReLU(),
        L.MaxPooling2D(3, strides=2, padding="same"),
        L.Flatten(),
        L.Dropout(0.2),
        L.Dense(5),
    ]


def depthwise():
    return [
        L.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
        L.DepthwiseConv2D(3, padding="same"),
        L.BatchNormalization(),
        L.ReLU(),
        L.Conv2D(16, 1, activation="silu"),
        L.DepthwiseConv2D(3, strides=2, padding=1, depth_multiplier=2, activation="hard_sigmoid"),
        L.GlobalAveragePooling2D(),
        L.Dense(4, "softmax"),
    ]


def residual():
    same = [L.Conv2D(8, 3, padding="same"), L.BatchNormalization(), L.ReLU(), L.Conv2D(8, 3, padding="same")]
    down = [
        L.Conv2D(16, 3, strides=2, padding="same"),
        L.GroupNormalization(4),
        L.ReLU(),
        L.Conv2D(16, 3, padding="same"),
    ]
    return [
        L.Conv2D(8, 3, padding="same", activation="relu"),
        L.Residual(same, activation="relu"),
        L.Residual(down, shortcut=L.Conv2D(16, 1, strides=2), activation="relu"),
        L.GlobalMaxPooling2D(),
        L.Dense(5),
    ]


def causal():
    return [
        L.Conv1D(8, 3, padding="causal", activation="relu"),
        L.SpatialDropout1D(0.1),
        L.Conv1D(8, 3, padding="causal", dilation_rate=2, activation="relu"),
        L.Residual([L.Conv1D(8, 2, padding="causal", dilation_rate=4), L.LayerNormalization(), L.GELU()]),
        L.GlobalAveragePooling1D(),
        L.Dense(2),
    ]


def stacked_gru():
    return [
        L.GRU(6, return_sequences=True),
        L.GRU(5, return_sequences=True, reset_after=False),
        L.TimeDistributed(L.Dense(3, "softmax")),
    ]


def text():
    return [
        L.Embedding(30, 8),
        L.Dropout(0.1),
        L.GlobalAveragePooling1D(),
        L.Dense(6, "relu"),
        L.Dense(1, "sigmoid"),
    ]


def autoencoder():
    return [
        L.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
        L.Flatten(),
        L.Dense(6),
        L.Dense(64, "elu"),
        L.Reshape((4, 4, 4)),
        L.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu"),
        L.UpSampling2D(2),
        L.MaxPooling2D(2),
        L.Conv2D(2, 3, padding="same"),
        L.Activation("sigmoid"),
    ]


NETWORKS = {
    "mlp": (
        (20,),
        lambda: [L.Dense(16, "relu"), L.Dropout(0.3), L.Dense(8, L.LeakyReLU(0.1)), L.Dense(3, "softmax")],
    ),
    "lenet": ((28, 28, 1), lenet),
    "cnn with batch normalisation": ((12, 10, 3), batch_normalized),
    "depthwise cnn": ((12, 12, 3), depthwise),
    "residual cnn": ((8, 8, 3), residual),
    "causal cnn": ((20, 4), causal),
    "lstm": ((12, 5), lambda: [L.LSTM(9), L.Dense(4, "softmax")]),
    "stacked gru": ((10, 4), stacked_gru),
    "bidirectional lstm": (
        (9, 4),
        lambda: [L.Bidirectional(L.LSTM(5, return_sequences=True)), L.Bidirectional(L.LSTM(4)), L.Dense(3)],
    ),
    "text": ((11,), text),
    "autoencoder": ((8, 8, 2), autoencoder),
    "sequence to sequence": (
        (7, 3),
        lambda: [
            L.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 0.5]),
            L.GRU(5),
            L.RepeatVector(4),
            L.LSTM(5, return_sequences=True),
            L.TimeDistributed(L.Dense(2)),
        ],
    ),
    "video": (
        (4, 6, 6, 2),
        lambda: [
            L.TimeDistributed(L.Conv2D(3, 3, activation="relu")),
            L.TimeDistributed(L.MaxPooling2D(2)),
            L.TimeDistributed(L.Flatten()),
            L.LSTM(4),
            L.Dense(2),
        ],
    ),
}
