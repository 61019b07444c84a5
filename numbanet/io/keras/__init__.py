"""Weights of Keras: models in memory and their files, which are read without Keras."""

from .reading import read_keras
from .weights import fill_from_keras_weights

__all__ = ["fill_from_keras_weights", "read_keras"]
