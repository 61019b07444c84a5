"""Philox4x32-10 in CUDA kernels: the words of numbanet.kernels._philox, in registers of 32 bits."""

import math

import numpy as np

from ._cuda import device
from ._philox import HALF, LOW, M0, M1, W0, W1

u32, u64 = np.uint32, np.uint64


@device
def philox(c0, c1, c2, c3, k0, k1):
    """The block of four uint32 words that belongs to this counter and key, all uint32."""
    for _ in range(10):
        # the 64 bits of a product of 32-bit factors are one instruction
        p0, p1 = u64(c0) * M0, u64(c2) * M1
        c0, c2 = u32(u32(p1 >> HALF) ^ c1 ^ k0), u32(u32(p0 >> HALF) ^ c3 ^ k1)
        c1, c3 = u32(p1 & LOW), u32(p0 & LOW)
        k0, k1 = u32((u64(k0) + W0) & LOW), u32((u64(k1) + W1) & LOW)
    return c0, c1, c2, c3


@device
def low(value):
    """The low 32 bits of an int64."""
    return u32(value & 0xFFFFFFFF)


@device
def high(value):
    """The high 32 bits of an int64."""
    return u32((value >> 32) & 0xFFFFFFFF)


@device
def block(seed, stream, step, b):
    """The words of the indices 4b to 4b + 3."""
    return philox(low(b), low(stream), low(step), high(step), low(seed), high(seed))


def least(rate):
    """The least word w with w 2^-32 >= rate, for the host."""
    return math.ceil(rate * 2.0**32)
