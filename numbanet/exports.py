"""A model in the formats of others: ONNX, one file of NumPy or of C, PyTorch's state_dict."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .checks import choice, fail
from .io.tensors import path_text
from .weights import Weights


class Exports(Weights):
    """Weights that other programs can use. What writes them is imported where it is used: most programs never do."""

    name: str

    def export(self, path: str | os.PathLike[str], dtype: str | None = None) -> None:
        """Write what `predict` computes to a file of the kind that its ending names: all of it, or nothing.

        .onnx: a graph for ONNX runtimes, for batches of any size. dtype: "float32" or "float64", of the file.
        .py: one file with a function predict(x), which needs NumPy alone.
        .c: one C99 file with a function for one sample, which needs nothing but the C library.

        Raises StateError before build, ArgumentError for another ending or a layer that cannot be said in the format,
        FileError, and MissingDependency without the package onnx.
        """
        ending = Path(path_text("export", path)).suffix
        write = _writer(choice("export", "the path's ending", ending, (".onnx", ".py", ".c")))
        if dtype is not None and ending != ".onnx":
            fail("export", "dtype", f"None for {ending}, which has the model's own type", dtype)
        options = {} if dtype is None else {"dtype": dtype}
        with self._lock:
            write(path, self._built("export"), self.name, **options)

    def to_torch_state_dict(self, like: Any = None) -> dict[str, Any]:
        """Parameters by torch's names, as tensors: what `module.load_state_dict` takes.

        like: the module, or its state_dict, whose names are used, each checked by its shape. Without it the names are
        those of a torch.nn.Sequential with a module for each layer, in order, and one more for each activation=.
        Raises ArgumentError where torch has no module for a layer, or `like` does not fit; MissingDependency.
        """
        from .io.torch import torch_state_dict

        with self._lock:
            return torch_state_dict(self._built("to_torch_state_dict"), like)


def _writer(ending: str) -> Callable[..., None]:
    if ending == ".onnx":
        from .io.onnx.writing import write_onnx

        return write_onnx
    from .io.standalone import write_c, write_numpy

    return write_numpy if ending == ".py" else write_c
