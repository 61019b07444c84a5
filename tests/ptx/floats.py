"""Floating-point operations of PTX on NumPy vectors. PTX ISA 9.0, 9.7.3 to 9.7.6.

An approximation (ex2.approx, rcp.approx, sin.approx...) is computed in float64 and rounded once: a GPU's may be off by
the bounds of the ISA, 2^-22 relatively for most. What a test accepts has to leave room for that.
"""

import numpy as np

from . import rounding
from .errors import Unsupported
from .kinds import dtype_of, is_float


def minimum(a, b):
    """NaN gives way to a number, -0 is below +0."""
    r = np.fmin(a, b)
    return np.where((a == b) & np.signbit(b), b, np.where(a == b, a, r))


def maximum(a, b):
    r = np.fmax(a, b)
    return np.where((a == b) & np.signbit(b), a, np.where(a == b, b, r))


def _with_nan(function):
    return lambda a, b: np.where(np.isnan(a) | np.isnan(b), a.dtype.type(np.nan), function(a, b))


def _wide(function):
    return lambda x: function(x.astype(np.float64)).astype(x.dtype)


_UNARY = {
    "neg": np.negative,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "rcp": lambda x: x.dtype.type(1) / x,
    "rsqrt": _wide(lambda x: 1 / np.sqrt(x)),
    "ex2": _wide(np.exp2),
    "lg2": _wide(np.log2),
    "sin": _wide(np.sin),
    "cos": _wide(np.cos),
    "tanh": _wide(np.tanh),
}
_NEAREST_ONLY = ("sqrt", "rcp", "div")


def _plain(parts, mode):
    """(how many sources, function) without .ftz and .sat"""
    name = parts[0]
    if name in _UNARY:
        return 1, _UNARY[name]
    if name == "add":
        return 2, lambda a, b: rounding.add(a, b, mode)
    if name == "sub":
        return 2, lambda a, b: rounding.add(a, -b, mode)
    if name == "mul":
        return 2, lambda a, b: rounding.multiply(a, b, mode)
    if name in ("fma", "mad"):
        return 3, lambda a, b, c: rounding.fma(a, b, c, mode)
    if name == "div":
        return 2, np.divide
    if name == "copysign":
        return 2, lambda a, b: np.copysign(b, a)
    if name in ("min", "max"):
        function = minimum if name == "min" else maximum
        return 2, _with_nan(function) if "NaN" in parts else function
    raise Unsupported(".".join(parts))


def operation(parts, kind):
    """(kinds of the sources, kind of the result, function)"""
    mode = next((m for m in rounding.MODES if m in parts), "rn")
    if mode != "rn" and (parts[0] in _NEAREST_ONLY or kind == "f64"):
        raise Unsupported(".".join(parts))
    count, function = _plain(parts, mode)
    if kind == "f16":
        function = _half(function)
    if "ftz" in parts:
        function = _flushed(function)
    if "sat" in parts:
        function = _saturated(function)
    return (kind,) * count, kind, function


def _half(function):
    """float32 holds what float16 needs before it rounds, for all but fma, which is exact before it rounds."""

    def half(*sources):
        if len(sources) == 3:
            return function(*sources)
        return function(*(s.astype(np.float32) for s in sources)).astype(np.float16)

    return half


def _flushed(function):
    return lambda *sources: rounding.flush(function(*map(rounding.flush, sources)))


def _saturated(function):
    return lambda *sources: rounding.saturate(function(*sources))


_COMPARISONS = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "lo": np.less,
    "ls": np.less_equal,
    "hi": np.greater,
    "hs": np.greater_equal,
}


def comparison(name, kind):
    """setp's: with NaN false, also ne; the names with a u are true then; num and nan ask for it."""
    if not is_float(kind):
        return _COMPARISONS[name]
    if name == "nan":
        return lambda a, b: np.isnan(a) | np.isnan(b)
    if name == "num":
        return lambda a, b: ~(np.isnan(a) | np.isnan(b))
    if name in _COMPARISONS:
        return lambda a, b: _COMPARISONS[name](a, b) & ~(np.isnan(a) | np.isnan(b))
    return lambda a, b: _COMPARISONS[name[:-1]](a, b) | np.isnan(a) | np.isnan(b)


_INTEGRAL = {"rni": np.rint, "rzi": np.trunc, "rmi": np.floor, "rpi": np.ceil}


def conversion(parts):
    """cvt: (source kind, result kind, function)"""
    if parts[-2:] == ["tf32", "f32"]:
        mode = parts[1]
        if mode not in ("rna", "rn"):
            raise Unsupported(".".join(parts))
        return "f32", "b32", lambda x: rounding.f32_to_tf32(x, mode)
    to, source = parts[-2:]
    integral = next((_INTEGRAL[p] for p in parts if p in _INTEGRAL), None)
    mode = next((m for m in rounding.MODES if m in parts), "rn")
    if to == "bf16" and source == "f32" and mode in ("rn", "rz"):
        return source, to, lambda x: rounding.f32_to_bf16(x, mode)
    if source == "bf16" and to == "f32":
        return source, to, rounding.bf16_to_f32
    if "bf16" in (to, source):
        raise Unsupported(".".join(parts))
    dtype = dtype_of(to)

    def convert(x):
        if "ftz" in parts and source == "f32":
            x = rounding.flush(x)
        if is_float(source) and not is_float(to):
            return _to_integer((integral or np.trunc)(x), dtype)
        if integral is not None:
            return integral(x).astype(dtype)
        if "sat" in parts:
            x = rounding.saturate(x) if is_float(to) else _clip(x, dtype)
        if mode != "rn" and is_float(to):
            x = rounding.narrow(x.astype(np.float64), dtype, mode)
        x = x.astype(dtype)
        return rounding.flush(x) if "ftz" in parts and to == "f32" else x

    return source, to, convert


def _clip(x, dtype):
    limits = np.iinfo(dtype)
    return np.clip(x, max(limits.min, np.iinfo(x.dtype).min), min(limits.max, np.iinfo(x.dtype).max))


def _to_integer(x, dtype):
    """Clamped to the type's range, NaN as 0: as PTX does, and C does not."""
    limits = np.iinfo(dtype)
    x = np.where(np.isnan(x), 0.0, x.astype(np.float64))
    low, top = float(limits.min), float(limits.max)
    inside = np.where((x > low) & (x < top), x, 0.0).astype(dtype)
    return np.where(x <= low, dtype.type(limits.min), np.where(x >= top, dtype.type(limits.max), inside))
