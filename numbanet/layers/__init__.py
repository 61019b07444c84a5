"""The layers: shapes, parameters and which kernels; no arithmetic on elements."""

from .activations import (
    ELU,
    GELU,
    SELU,
    Activation,
    HardSigmoid,
    LeakyReLU,
    Linear,
    LogSoftmax,
    Mish,
    ReLU,
    Sigmoid,
    Silu,
    Softmax,
    Softplus,
    Softsign,
    Step,
    Tanh,
)
from .base import Description, Layer, Parameter, Tensors
from .dense import Dense
from .dropout import Dropout
from .shapes import Flatten

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "Activation",
    "Dense",
    "Description",
    "Dropout",
    "Flatten",
    "HardSigmoid",
    "Layer",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "Mish",
    "Parameter",
    "ReLU",
    "Sigmoid",
    "Silu",
    "Softmax",
    "Softplus",
    "Softsign",
    "Step",
    "Tanh",
    "Tensors",
]
