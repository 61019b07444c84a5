"""Exporting: `model.py` makes a graph of a network's layers, by the writers of layers in the files beside it."""

from .model import onnx_model, write_onnx

__all__ = ["onnx_model", "write_onnx"]
