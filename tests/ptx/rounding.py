"""Floating-point operations rounded as PTX says, from NumPy's, which round to nearest only."""

import numpy as np

MODES = ("rn", "rz", "rm", "rp", "rna")


def two_sum(a, b):
    """a + b as the rounded sum and its error, exactly (Knuth, TAOCP 2, 4.2.2)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def two_product(a, b):
    """a * b as the rounded product and its error, exactly (Dekker 1971)."""
    p = a * b
    halves = []
    for x in (a, b):
        c = x * 134217729.0  # 2^27 + 1
        high = c - (c - x)
        halves.append((high, x - high))
    (ah, al), (bh, bl) = halves
    return p, ((ah * bh - p) + ah * bl + al * bh) + al * bl


def to_odd(s, error):
    """The float64 that stands for s + error in a later rounding to fewer bits: rounded to odd, so never on a tie."""
    inexact = (error != 0) & np.isfinite(error) & np.isfinite(s)
    if not np.any(inexact):
        return s
    even = (s.view(np.uint64) & np.uint64(1)) == 0
    return np.where(inexact & even, np.nextafter(s, np.where(error > 0, np.inf, -np.inf)), s)


def narrow(exact, dtype, mode):
    """A float64 (exact, or rounded to odd) in a narrower type, or in its own, by the rounding mode."""
    r = exact.astype(dtype)
    if mode == "rn":
        return r
    wide = r.astype(np.float64)
    below = dtype.type(-np.inf)
    above = dtype.type(np.inf)
    towards_zero_below = (mode == "rz") & (exact > 0)
    towards_zero_above = (mode == "rz") & (exact < 0)
    r = np.where((wide > exact) & ((mode == "rm") | towards_zero_below), np.nextafter(r, below), r)
    return np.where((wide < exact) & ((mode == "rp") | towards_zero_above), np.nextafter(r, above), r)


def add(a, b, mode):
    if mode == "rn":
        return a + b
    return narrow(to_odd(*two_sum(a.astype(np.float64), b.astype(np.float64))), a.dtype, mode)


def multiply(a, b, mode):
    if mode == "rn":
        return a * b
    return narrow(a.astype(np.float64) * b.astype(np.float64), a.dtype, mode)  # exact: 48 bits of 53


def fma(a, b, c, mode):
    """a * b + c, rounded once."""
    dtype = np.result_type(a, b, c)
    if dtype == np.float64:
        return fma64(a, b, c)
    product = np.multiply(a, b, dtype=np.float64)  # exact
    c = np.asarray(c, np.float64)
    s = product + c
    if mode == "rn" and dtype == np.float32 and not _may_round_twice(s):
        return s.astype(dtype)
    return narrow(to_odd(*two_sum(product, c)), dtype, mode)


def _may_round_twice(s):
    """Whether rounding the float64 s again, to float32, may differ from rounding once: on a tie, or below 2^-126."""
    tie = (s.view(np.uint64) & np.uint64(0x1FFFFFFF)) == np.uint64(0x10000000)
    return np.any(tie | (np.abs(s) < 2.0**-125))


def fma64(a, b, c):
    """Boldo and Melquiond 2008, algorithm 5; NumPy's two roundings where an intermediate overflows."""
    uh, ul = two_product(a, b)
    th, tl = two_sum(np.asarray(c), ul)
    vh, vl = two_sum(uh, th)
    exact = vh + to_odd(*two_sum(tl, vl))
    return np.where(np.isfinite(exact), exact, a * b + c)


def flush(x):
    """Subnormal numbers as zeros of their sign: .ftz"""
    return np.where(np.abs(x) < np.finfo(x.dtype).tiny, np.copysign(x.dtype.type(0), x), x)


def saturate(x):
    """.sat: into 0 to 1, NaN as 0"""
    return np.where(x > 0, np.minimum(x, x.dtype.type(1)), x.dtype.type(0))


def bf16_to_f32(bits):
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)


def f32_to_bf16(x, mode="rn"):
    """The bits of x in bfloat16, to nearest even or towards zero; NaN stays NaN."""
    bits = np.asarray(x).view(np.uint32)
    half = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    rounded = bits + (half if mode == "rn" else np.uint32(0))
    return np.where(np.isnan(x), np.uint32(0x7FFF), rounded >> np.uint32(16)).astype(np.uint16)


def f32_to_tf32(x, mode="rna"):
    """To 10 bits of mantissa, ties away from zero, or to even (rn); NaN stays NaN."""
    bits = np.asarray(x).view(np.uint32)
    half = np.uint32(0x1000) if mode == "rna" else np.uint32(0xFFF) + ((bits >> np.uint32(13)) & np.uint32(1))
    rounded = (bits + half) & np.uint32(0xFFFFE000)
    return np.where(np.isnan(x), np.uint32(0x7FFFFFFF), rounded)
