"""The package onnx, which is optional."""

from __future__ import annotations

from typing import Any

from ...errors import MissingDependency


def onnx_package() -> Any:
    """The module onnx, with its helpers. Raises MissingDependency where it is not installed."""
    try:
        import onnx
        import onnx.checker
        import onnx.helper
        import onnx.numpy_helper
        import onnx.shape_inference
    except ImportError:
        raise MissingDependency("ONNX files need the package onnx. Install it: pip install 'numbanet[onnx]'") from None
    return onnx
