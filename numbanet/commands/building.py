"""The model that a configuration describes, for its data."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import layers
from ..errors import NumbanetError
from ..model import Sequential
from . import data
from .configuration import Configuration


def build(config: Configuration, found: data.Data, device: str | None = None) -> Sequential:
    """The model, built and compiled. device: instead of the configuration's. Errors name the file."""
    training, given = config.training, config.model
    shape = found.train[0].shape[1:]
    try:
        below = [standardization(found.train[0])] if config.data["standardize"] else []
        model = Sequential([*below, *config.layers()], given["seed"], given["name"])
        model.build(shape, device or training["device"], training["dtype"], training["precision"])
        model.compile(*config.choices())
    except NumbanetError as error:
        raise type(error)(f"{config.path}: {error}") from error
    return model


def standardization(x: Any) -> layers.Normalization:
    """The layer that makes each feature's mean 0 and its variance 1, measured on the samples to train on.

    A feature that is the same in all of them is only shifted: there is nothing to say what another value would mean.
    """
    measured = layers.Normalization()
    measured.adapt(x)
    variance = np.array(measured.variance)
    variance[variance == 0] = 1
    return layers.Normalization(mean=measured.mean, variance=variance, name="standardization")


def load(config: Configuration) -> data.Data:
    """The data of a configuration. Errors about it name the file."""
    _, loss, _ = config.choices()
    try:
        return data.load(config.data, loss, config.model["seed"], config.training["dtype"])
    except NumbanetError as error:
        if str(error).startswith("[data]"):
            raise type(error)(f"{config.path}: {error}") from error
        raise
