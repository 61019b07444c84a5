"""Importing: `model.py` makes layers of a chain-shaped graph, by the readers of operators in the files beside it."""

from .model import Imported, read_onnx

__all__ = ["Imported", "read_onnx"]
