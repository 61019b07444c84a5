"""Rows of a matrix, and whole arrays, on the threads of a GPU: who reads what, and how sums of it are added up.

A row has `lanes`, neighbouring threads of a block: as many as it has elements to give them four each, so that a block
of 128 threads has 32 rows of ten classes, and a row of 50,000 has a block of 512. A lane walks over its elements
from `first` in steps of `lanes`, four or eight at a time, whose loads are under way together:

    @rows()
    def forward(x, y):                                  # x (R, C) is the first argument
        shared = cuda.shared.array(MOST, x.dtype)
        r, first, end, lanes = row_of_thread(x)         # indices into the flat x
        total = row_sum(_total(first, end, lanes, like(0.0, x), x), lanes, shared)
        if first == r * x.shape[1]:                     # one thread of the row
            y[r] = total

Threads that no row is left for walk over nothing, and their r is the last row's. Whole arrays are walked over by all
blocks together, from `cuda.grid(1)` in steps of `cuda.gridsize(1)`; blocks_of is their number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from numba import cuda, int64

from ._cuda import ceil_div, device, like, load, opaque, store
from ._cuda_block import larger
from ._cuda_kernel import THREADS, CudaKernel, Options

EACH = 4  # elements of a lane whose loads overlap; with more, the lanes of short rows would mostly read beyond the end
MANY = 8  # where as many are left: 1,280 threads of an SM so have 40 KB under way, and the bandwidth takes 32
LEAST, MOST = 128, 512  # threads of a block; shared memory has room for a value of each
ELEMENTS = MANY * THREADS  # of a whole array that are worth a block
BLOCKS = 1024  # at most for a whole array: about what an H200 runs at once, and no more sums than one block can add


def lane_bits(C: int) -> int:
    """How many threads walk over a row of C: 2 to this power."""
    bits = 0
    while EACH << bits < C and 1 << bits < MOST:
        bits += 1
    return bits


def blocks_of(size: int) -> int:
    """How many blocks walk over a whole array."""
    return min(BLOCKS, max(1, ceil_div(size, ELEMENTS)))


def doubles(a: Any, count: int) -> int:
    """The scratch, which has the type of `a`, for so many float64."""
    return count * 8 // int(a.dtype.itemsize)


class Rows(CudaKernel):
    """A kernel over the rows of its first argument."""

    def _launch(self, given: tuple[Any, ...], memory: Any = None) -> Any:
        R, C = given[0].shape
        lanes = 1 << lane_bits(C)
        threads = max(LEAST, lanes)
        return replace(super()._launch(given, memory), grid=(ceil_div(R * lanes, threads), 1, 1), threads=threads)


def rows() -> Callable[[Callable[..., None]], Rows]:
    """Decorator: see above."""
    return lambda function: Rows(function, Options(threads=MOST))


_lane_bits = device(lane_bits)


@device
def row_of_thread(x):
    """The row of this thread, the flat indices of its first element and of the row's end, and the number of lanes."""
    R, C = x.shape
    bits = _lane_bits(C)
    lanes, t = 1 << bits, cuda.grid(1)
    r = t >> bits
    if r >= R:
        return R - 1, R * C, R * C, lanes
    return r, min(r * C + (t & (lanes - 1)), (r + 1) * C), (r + 1) * C, lanes


@device
def row_sum(value, lanes, shared):
    """The sum of the values of a row's lanes, for each of them."""
    t = cuda.threadIdx.x
    lane = t & (lanes - 1)
    shared[t] = value
    half = lanes >> 1
    while half > 0:
        cuda.syncthreads()
        if lane < half:
            shared[t] += shared[t + half]
        half >>= 1
    cuda.syncthreads()
    total = shared[t - lane]
    cuda.syncthreads()
    return total


@device
def row_max(value, lanes, shared):
    """The largest of the values of a row's lanes, for each of them; a NaN of any is a NaN for all."""
    t = cuda.threadIdx.x
    lane = t & (lanes - 1)
    shared[t] = value
    half = lanes >> 1
    while half > 0:
        cuda.syncthreads()
        if lane < half:
            shared[t] = larger(shared[t], shared[t + half])
        half >>= 1
    cuda.syncthreads()
    top = shared[t - lane]
    cuda.syncthreads()
    return top


def summed(term: Callable[..., Any]) -> Any:
    """A device function: the sum over a thread's elements i of term(i, *arguments); `zero` has the sum's type."""

    @device
    def total(first, end, step, zero, *arguments):
        i, result, last = first, zero, end - (MANY - 1) * step
        while i < last:
            for k in range(MANY):
                result += term(i + k * step, *arguments)
            i += opaque(MANY * step)
        while i < end:
            for k in range(EACH):
                # beyond the end a thread reads its own element again, instead of waiting for a condition
                inside = i + k * step < end
                value = term(i + k * step if inside else i, *arguments)
                result += value if inside else zero
            i += opaque(EACH * step)
        return result

    return total


def maximum(term: Callable[..., Any]) -> Any:
    """A device function: the largest of `start` and term(i, *arguments) of a thread's elements i; NaN if one is."""

    @device
    def top(first, end, step, start, *arguments):
        i, result, last = first, start, end - (MANY - 1) * step
        while i < last:
            for k in range(MANY):
                result = larger(result, term(i + k * step, *arguments))
            i += opaque(MANY * step)
        while i < end:
            for k in range(EACH):
                result = larger(result, term(i + k * step if i + k * step < end else i, *arguments))
            i += opaque(EACH * step)
        return result

    return top


def written(value: Callable[..., Any]) -> Any:
    """A device function: out.flat[i] = value(i, *arguments) for a thread's elements i; `out` may be an argument too."""

    @device
    def write(first, end, step, out, *arguments):
        i = first
        while i < end:
            j, k, m = i + step, i + 2 * step, i + 3 * step
            # all are loaded before any is stored: for all the compiler knows, `out` is what is loaded
            a = value(i, *arguments)
            b = value(j if j < end else i, *arguments)
            c = value(k if k < end else i, *arguments)
            d = value(m if m < end else i, *arguments)
            store(out, i, a)
            if j < end:
                store(out, j, b)
            if k < end:
                store(out, k, c)
            if m < end:
                store(out, m, d)
            i += opaque(EACH * step)

    return write


@device
def element(i, x):
    """The term of a sum, or a maximum, of the elements themselves."""
    return load(x, i)


@device
def _count(i, x):
    return int64(load(x, i))


@device
def _from_end(i, x, end, top):
    return like(end - i if load(x, i) == top else 0, x)


largest, counts, _last_from_end = maximum(element), summed(_count), maximum(_from_end)


@device
def argmax(first, end, lanes, x, shared):
    """The flat index of the first maximum of a row, or `end` where it holds a NaN."""
    top = row_max(largest(first, end, lanes, like(float("-inf"), x), x), lanes, shared)
    # as numbers of x's type, which are exact for rows of up to 2^24
    return end - int64(row_max(_last_from_end(first, end, lanes, like(0, x), x, end, top), lanes, shared))
