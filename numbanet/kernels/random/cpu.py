"""numbanet.kernels.random by blocks: each is computed once, and LLVM computes eight of them at a time."""

import math

from .._jit import inline
from .._kernel import kernel
from .._philox import block

CHUNK = 16384  # numbers of a task, whole blocks: 7 us of words on one core


def _chunks(seed, stream, step, out):
    return -(-out.size // CHUNK)


@kernel(tasks=_chunks)
def words(task, seed, stream, step, out):
    first = task * CHUNK
    out = out[first : first + CHUNK]
    blocks = out.size // 4
    for b in range(blocks):
        # F1, F2
        w0, w1, w2, w3 = block(seed, stream, step, first // 4 + b)
        out[4 * b] = w0
        out[4 * b + 1] = w1
        out[4 * b + 2] = w2
        out[4 * b + 3] = w3
    if out.size % 4:
        last = block(seed, stream, step, first // 4 + blocks)
        for j in range(out.size % 4):
            out[4 * blocks + j] = last[j]


@inline
def _unit(a, b):
    # F3
    return ((a >> 5) * 2.0**26 + (b >> 6)) * 2.0**-53


@kernel(tasks=_chunks)
def uniform(task, seed, stream, step, out):
    first = task * CHUNK
    out = out[first : first + CHUNK]
    blocks = out.size // 2
    for b in range(blocks):
        w0, w1, w2, w3 = block(seed, stream, step, first // 2 + b)
        out[2 * b] = _unit(w0, w1)
        out[2 * b + 1] = _unit(w2, w3)
    if out.size % 2:
        w0, w1, _, _ = block(seed, stream, step, first // 2 + blocks)
        out[2 * blocks] = _unit(w0, w1)


@inline
def _polar(words):
    """The distance and the angle of a block's pair of normal numbers."""
    w0, w1, w2, w3 = words
    return math.sqrt(-2.0 * math.log(1.0 - _unit(w0, w1))), 2.0 * math.pi * _unit(w2, w3)


@kernel(tasks=_chunks)
def normal(task, seed, stream, step, out):
    first = task * CHUNK
    out = out[first : first + CHUNK]
    blocks = out.size // 2
    for b in range(blocks):
        distance, angle = _polar(block(seed, stream, step, first // 2 + b))
        out[2 * b] = distance * math.cos(angle)  # F4
        out[2 * b + 1] = distance * math.sin(angle)  # F5
    if out.size % 2:
        distance, angle = _polar(block(seed, stream, step, first // 2 + blocks))
        out[2 * blocks] = distance * math.cos(angle)
