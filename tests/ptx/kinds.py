"""The types of PTX as NumPy's: registers hold bits, and each instruction says what they mean."""

import numpy as np

from .errors import Unsupported

DTYPES = {
    "pred": np.dtype(np.bool_),
    "f16": np.dtype(np.float16),
    "f32": np.dtype(np.float32),
    "f64": np.dtype(np.float64),
    "bf16": np.dtype(np.uint16),  # NumPy has no such type: its bits
    **{f"{letter}{8 * size}": np.dtype(f"u{size}") for letter in "ub" for size in (1, 2, 4, 8)},
    **{f"s{8 * size}": np.dtype(f"i{size}") for size in (1, 2, 4, 8)},
    "f16x2": np.dtype(np.uint32),
    "bf16x2": np.dtype(np.uint32),
}


def dtype_of(kind):
    if kind not in DTYPES:
        raise Unsupported(f"type .{kind}")
    return DTYPES[kind]


def container(kind):
    """The unsigned type of the same size, in which a register of this kind is held."""
    dtype = dtype_of(kind)
    return dtype if dtype == np.bool_ else np.dtype(f"u{dtype.itemsize}")


def is_float(kind):
    return kind in ("f16", "f32", "f64")


def as_bits(value):
    return value if value.dtype == np.bool_ else value.view(f"u{value.dtype.itemsize}")
