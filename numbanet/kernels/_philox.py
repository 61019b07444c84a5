"""Philox4x32-10: a random function of a counter and a key, so that a number has an address instead of a history.

The number (seed, stream, step, index) is word index % 4 of the block with

    counter = (index // 4, stream, low half of step, high half of step), key = (low half of seed, high half of seed)

and is the same on every device, whatever was drawn before it and by however many threads. Words are kept in uint64:
there the 32-bit product fits, and a loop over blocks runs on 8 of them at once with AVX-512.

Source: Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3, SC11, section 3.3.
"""

from __future__ import annotations

import numpy as np

from ._jit import inline

u32, u64 = np.uint32, np.uint64

M0, M1 = u64(0xD2511F53), u64(0xCD9E8D57)
W0, W1 = u64(0x9E3779B9), u64(0xBB67AE85)  # the golden ratio and sqrt(3) - 1, as 32-bit fractions
LOW, HALF = u64(0xFFFFFFFF), u64(32)


@inline
def philox(c0, c1, c2, c3, k0, k1):
    """The block of four uint32 words that belongs to this counter and key, all uint32."""
    x0, x1, x2, x3, k0, k1 = u64(c0), u64(c1), u64(c2), u64(c3), u64(k0), u64(k1)
    for _ in range(10):
        p0, p1 = x0 * M0, x2 * M1
        x0, x1, x2, x3 = (p1 >> HALF) ^ x1 ^ k0, p1 & LOW, (p0 >> HALF) ^ x3 ^ k1, p0 & LOW
        k0, k1 = (k0 + W0) & LOW, (k1 + W1) & LOW
    return u32(x0), u32(x1), u32(x2), u32(x3)


@inline
def low(value):
    """The low 32 bits of an int64."""
    return u32(value & 0xFFFFFFFF)


@inline
def high(value):
    """The high 32 bits of an int64."""
    return u32((value >> 32) & 0xFFFFFFFF)


@inline
def block(seed, stream, step, b):
    """The words of the indices 4b to 4b + 3."""
    return philox(low(b), low(stream), low(step), high(step), low(seed), high(seed))
