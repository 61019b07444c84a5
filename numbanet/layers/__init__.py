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
from .augmentation import RandomCrop, RandomErasing, RandomFlip, RandomTranslation
from .base import Description, Layer, Parameter, Tensors
from .bidirectional import Bidirectional
from .convolution import Conv1D, Conv2D, DepthwiseConv2D
from .dense import Dense
from .dropout import Dropout, SpatialDropout1D, SpatialDropout2D
from .embedding import Embedding
from .masking import Masking
from .normalization import BatchNormalization, GroupNormalization, LayerNormalization
from .padding import Cropping1D, Cropping2D, ZeroPadding1D, ZeroPadding2D
from .pooling import (
    AveragePooling1D,
    AveragePooling2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling1D,
    MaxPooling2D,
)
from .recurrent import GRU, LSTM, SimpleRNN
from .residual import Residual
from .shapes import Flatten, Reshape
from .standardization import Normalization
from .time_distributed import TimeDistributed
from .transposed_convolution import Conv2DTranspose
from .up_sampling import RepeatVector, UpSampling1D, UpSampling2D

__all__ = [
    "ELU",
    "GELU",
    "GRU",
    "LSTM",
    "SELU",
    "Activation",
    "AveragePooling1D",
    "AveragePooling2D",
    "BatchNormalization",
    "Bidirectional",
    "Conv1D",
    "Conv2D",
    "Conv2DTranspose",
    "Cropping1D",
    "Cropping2D",
    "Dense",
    "DepthwiseConv2D",
    "Description",
    "Dropout",
    "Embedding",
    "Flatten",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GroupNormalization",
    "HardSigmoid",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "Masking",
    "MaxPooling1D",
    "MaxPooling2D",
    "Mish",
    "Normalization",
    "Parameter",
    "RandomCrop",
    "RandomErasing",
    "RandomFlip",
    "RandomTranslation",
    "ReLU",
    "RepeatVector",
    "Reshape",
    "Residual",
    "Sigmoid",
    "Silu",
    "SimpleRNN",
    "Softmax",
    "Softplus",
    "Softsign",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "Step",
    "Tanh",
    "Tensors",
    "TimeDistributed",
    "UpSampling1D",
    "UpSampling2D",
    "ZeroPadding1D",
    "ZeroPadding2D",
]
