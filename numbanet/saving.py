"""Models from files; `Sequential.save` is the other way."""

from __future__ import annotations

import os

from .devices import Device, get_device
from .io.model_file import read_model
from .io.tensors import blame
from .model import Sequential
from .network import Network


def load_model(path: str | os.PathLike[str], device: str | Device = "cpu") -> Sequential:
    """The model that `model.save(path)` wrote, built on `device`, and compiled where it was compiled.

    Its predictions have the same bits on the same device and machine. Training it further begins with new moments and
    random numbers of its own: what goes on to the bit is a checkpoint.

    Classes of your own (layers, initializers, losses, ...) are found by their names once they are defined: import
    their module first. Nothing in a file is run, and nothing is unpickled; constructors of classes that are defined
    are called with the values that the file has.

    Raises FileError where the file cannot be read, is damaged, or does not fit the classes; DeviceError where the
    device is not known.
    """
    chosen = get_device(device)
    saved, tensors = read_model(path)
    with blame(os.fspath(path)):
        model = Sequential(saved.layers, saved.seed, saved.name)
        if saved.choices:
            model.compile(*saved.choices)
        model._take(Network(saved.layers, saved.input_shape, chosen, saved.dtype, saved.seed, tensors))
    return model
