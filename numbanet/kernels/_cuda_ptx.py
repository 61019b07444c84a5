"""Compiles a CUDA kernel to PTX, without needing a GPU, and keeps the text on disk beside the processor's code."""

from __future__ import annotations

import hashlib
import re
import types as namespaces
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from threading import Lock
from typing import Any

import numpy as np
from numba import cuda

from ..errors import MissingDependency
from ._cache import store

REMEDY = "pip install 'numbanet[cuda]'"
ENTRY = re.compile(r"\.visible \.entry (\w+)\(")
_lock = Lock()


@dataclass(frozen=True)
class Ptx:
    """A kernel's code: its text, and the name of its entry."""

    entry: str
    text: str


def compile_ptx(
    function: Callable[..., None], signature: tuple[Any, ...], capability: tuple[int, int], bounds: Any, key: str
) -> Ptx:
    """A function as a kernel for arguments of Numba's types, and a GPU of this compute capability.

    bounds: the threads of a block, and how many blocks an SM must have room for. key: what the kernel is known by on
    disk; nothing is kept without. Raises MissingDependency where numba-cuda, or NVIDIA's compiler, is not installed.
    """
    version = cuda_version(), *compiler_versions()
    name = hashlib.sha256(repr((key, signature, capability, bounds, version)).encode()).hexdigest()[:40]
    kept = store.read(name) if key else None
    if kept is None:
        text = _compile(function, signature, capability, bounds)
        if key:
            store.compiled += 1
            store.write(name, text.encode())
    else:
        store.loaded += 1
        text = kept.decode()
    entry = ENTRY.search(text)
    if entry is None:
        raise ValueError(f"{key}: no entry in the PTX")
    return Ptx(entry[1], text)


def cuda_version() -> str:
    """The version of numba-cuda. Raises MissingDependency."""
    try:
        import numba_cuda
    except ImportError:
        raise MissingDependency(f"CUDA kernels are compiled by numba-cuda, which is not installed. {REMEDY}") from None
    return str(numba_cuda.__version__)


@cache
def compiler_versions() -> tuple[str, ...]:
    """Of NVIDIA's packages that hold libNVVM, as far as they are installed."""
    packages = ("nvidia-nvvm", "nvidia-cuda-nvcc", "nvidia-cuda-nvcc-cu12")
    installed = {d.metadata["Name"]: d.version for d in metadata.distributions()}
    return tuple(f"{name} {installed[name]}" for name in packages if name in installed)


def _compile(function: Callable[..., None], signature: Any, capability: tuple[int, int], bounds: Any) -> str:
    from numba.cuda import dispatcher
    from numba.cuda.cudadrv.error import NvvmSupportError

    if not hasattr(np, "row_stack"):  # gone in NumPy 2.5; numba-cuda 0.30 asks for it
        np.row_stack = np.vstack
    # device functions are typed for the current GPU, of which there need not be one
    with _lock:
        current = dispatcher.get_current_device
        dispatcher.get_current_device = lambda: namespaces.SimpleNamespace(compute_capability=capability)
        try:
            text, _ = cuda.compile_ptx(function, signature, device=False, cc=capability, launch_bounds=bounds)
        except (NvvmSupportError, ImportError, OSError) as error:
            raise MissingDependency(f"NVIDIA's compiler is missing ({error}). {REMEDY}") from error
        finally:
            dispatcher.get_current_device = current
    return str(text)
