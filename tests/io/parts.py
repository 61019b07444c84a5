"""Model files to change: three small ones, and files as their parts and back."""

import json
from pathlib import Path

import numpy as np

import numbanet as nn
from numbanet import layers
from numbanet.io.tensors import KEY, Spec, _digest


def originals(folder):
    """Three small models of different kinds, as files."""
    dense = nn.Sequential([layers.Dense(5, "tanh"), layers.Dropout(0.1), layers.Dense(3)], seed=1)
    dense.compile("adam", "sparse_categorical_crossentropy", ["accuracy", nn.metrics.ConfusionMatrix(3)])
    dense.build((4,))
    image = nn.Sequential(
        [
            layers.Conv2D(2, 3, padding="same", activation=layers.LeakyReLU(0.1)),
            layers.BatchNormalization(),
            layers.Residual(
                [layers.Conv2D(2, 1), layers.ReLU()], shortcut=layers.Conv2D(2, 1, kernel_regularizer="l2")
            ),
            layers.UpSampling2D(2),
            layers.GlobalAveragePooling2D(),
        ]
    )
    image.compile(nn.optimizers.SGD(nn.schedules.CosineDecay(0.1, 100), momentum=0.9), "mse", ["mae"])
    image.build((4, 4, 1), dtype="float64")
    text = nn.Sequential(
        [
            layers.Embedding(50, 40),
            layers.Bidirectional(layers.LSTM(24, stateful=True, batch_size=2, return_sequences=True)),
            layers.TimeDistributed(layers.Dense(4)),
            layers.GRU(3),
            layers.RepeatVector(2),
        ]
    )
    text.build((6,))
    paths = []
    for k, model in enumerate((dense, image, text)):
        paths.append(Path(folder) / f"model{k}.safetensors")
        model.save(paths[-1])
    return paths


def split(content):
    """The header as an object, and the payload."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def join(header, payload):
    text = (header if isinstance(header, str) else json.dumps(header)).encode("utf-8", "surrogatepass")
    return len(text).to_bytes(8, "little") + text + payload


def said(header):
    return json.loads(header["__metadata__"][KEY])


def sealed(header, metadata, payload):
    """The file with this metadata and a digest that is right, where there can be one."""
    specs = {
        n: Spec(e["dtype"], tuple(e["shape"]), *e["data_offsets"]) for n, e in header.items() if n != "__metadata__"
    }
    parts = {n: np.frombuffer(payload[s.begin : s.end], np.uint8) for n, s in specs.items()}
    try:
        digest = _digest({n: (s.dtype, s.shape) for n, s in specs.items()}, metadata, parts)
    except (TypeError, ValueError, RecursionError):
        digest = "0" * 64
    text = json.dumps({"format_version": 1, "metadata": metadata, "sha256": digest})
    return join({**header, "__metadata__": {KEY: text}}, payload)
