"""The machine as Numba and LLVM see it, for reports."""

from __future__ import annotations

import warnings

import numba
from numba.core.registry import cpu_target

from ._jit import DISABLED
from ._threads import threads

# the widest of these that the processor has is what loops are vectorised for
VECTORS = {
    "avx512f": "AVX-512 (512 bits)",
    "avx2": "AVX2 (256 bits)",
    "avx": "AVX (256 bits)",
    "sse2": "SSE2 (128 bits)",
    "sve": "SVE",
    "neon": "NEON (128 bits)",
}


def processor() -> tuple[str, str]:
    """LLVM's name for the processor that kernels are compiled for, and its vector instructions."""
    _, name, features = cpu_target.target_context.codegen().magic_tuple()
    known = {feature[1:] for feature in features.split(",") if feature.startswith("+")}
    return name, next((text for feature, text in VECTORS.items() if feature in known), "none that is known here")


def threading_layer() -> tuple[str, list[str]]:
    """The layer that runs parallel kernels, started for the question, and its warnings."""
    if DISABLED:
        return "none: loops run as plain Python (NUMBA_DISABLE_JIT)", []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with threads.region():
                layer = numba.threading_layer()
        except (ImportError, RuntimeError, ValueError) as error:  # Numba's, where the layer asked for is not there
            return "none", [" ".join(str(error).split())]
    return layer, [str(warning.message) for warning in caught]
