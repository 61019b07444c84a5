"""Models from other frameworks, with their weights; `Sequential.export` and `to_torch_state_dict` are the other way.

What reads them is imported where it is used: most programs never do.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from .checks import fail
from .data import door
from .devices import Device
from .errors import ArgumentError
from .io.converted import Converted
from .model import Sequential


def from_onnx(
    path: Any, input_shape: Sequence[int | None] | None = None, output: str | None = None, device: str | Device = "cpu"
) -> Sequential:
    """The model that computes what a chain-shaped ONNX graph does, built on `device`; ways round parts are Residual.

    path: of a file, or an onnx.ModelProto. input_shape: the sizes of the graph's input in the file's order, with None
    for the batch axis, where the file does not say them. output: the name of the output to follow, where there are
    several.

    Images and sequences have their channels last here, whatever the file's order: for a file with (N, C, H, W) the
    model takes np.transpose(x, (0, 2, 3, 1)). What predict gives has the file's numbers, channels last.

    Raises ArgumentError with a list of all nodes that cannot be imported, FileError where the file cannot be read or is
    damaged, and MissingDependency without the package onnx.
    """
    from .io.onnx.reading import read_onnx

    return _built(read_onnx(path, input_shape, output), device)


def from_torch(
    source: Any,
    input_shape: Sequence[int] | None = None,
    model: Sequential | None = None,
    device: str | Device = "cpu",
) -> Sequential:
    """The layers and weights of a torch module whose children follow one another, as a model built on `device`.

    source: a torch.nn.Sequential or another module whose children are called in the order in which it holds them; or a
        state_dict, whose tensors are put into `model`, which has the same layers and is built.
    input_shape: of samples as they are here, without the batch axis and channels last: (28, 28, 1) where torch has
        (1, 28, 28). Weights behind a Flatten are reordered for it; no number is changed.

    Raises ArgumentError with a list of all that has no layer here or does not fit; MissingDependency without torch.
    """
    from .io.torch import fill_from_state_dict, read_torch

    if not isinstance(source, Mapping):
        if model is not None:
            fail("from_torch", "model", "None for a module, which says its layers; or pass its state_dict", model)
        if input_shape is None:
            raise ArgumentError(
                "from_torch: input_shape is needed, because a module does not say the shape of its samples. Give it "
                "without the batch axis and channels last, such as input_shape=(28, 28, 1)."
            )
        return _built(read_torch(source, door.sample_shape("from_torch", input_shape, True)), device)
    chosen = _given("from_torch", model, "a state_dict does not say its layers")
    with chosen._lock:
        chosen.set_weights(fill_from_state_dict(chosen._built("from_torch"), source))
    return chosen


def from_keras(source: Any, model: Sequential | None = None, device: str | Device = "cpu") -> Sequential:
    """The layers and weights of a Sequential of Keras, or of a Functional model that is a chain, built on `device`.

    source: the model, or the path of its .keras or .h5 file, which is read without Keras and TensorFlow; or of a
        .weights.h5 file, whose weights are put into `model`, which has the same layers and is built.

    Raises ArgumentError with a list of all that has no layer here or does not fit, FileError where a file cannot be
    read or is damaged, and MissingDependency without h5py for a file.
    """
    from .io.keras import fill_from_keras_weights, read_keras

    if model is None and str(source).endswith(".weights.h5") and isinstance(source, str | os.PathLike):
        _given("from_keras", model, "a file of weights does not say its layers")
    if model is None:
        return _built(read_keras(source), device)
    chosen = _given("from_keras", model, "")
    with chosen._lock:
        chosen.set_weights(fill_from_keras_weights(chosen._built("from_keras"), source))
    return chosen


def _given(owner: str, model: Any, why: str) -> Sequential:
    """The model that takes weights."""
    if model is None:
        raise ArgumentError(f"{owner}: model is needed, because {why}: build one of the same layers, and pass model=.")
    if not isinstance(model, Sequential):
        fail(owner, "model", "a Sequential", model)
    return model


def _built(converted: Converted, device: str | Device) -> Sequential:
    model = Sequential(converted.layers, name=converted.name)
    model.build(converted.input_shape, device, converted.dtype)
    model.set_weights(converted.values)
    return model
