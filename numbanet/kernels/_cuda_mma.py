"""Products of matrices on tensor cores: float32 in memory and in the sums, rounded to TF32 or bfloat16 in between.

A block's tile of C, and the slices of the depth, are those of _cuda_gemm. Parts of A and B are copied as they lie into
shared memory, past the registers, two steps of the depth ahead; there are three buffers. A warp multiplies pieces of
32 rows and 32 columns, 16 deep: of each such piece of A, or of B, a thread takes four lines and of these four numbers
with four loads of 128 bits, whichever of both lie side by side. Which line, and which depth, a number of mma.sync's
matrices stands for is ours to choose, if A's and B's depths agree: lane 4 g + q takes lines 4 g to 4 g + 3, and depths
4 q to 4 q + 3. Its sums are so those of four rows and, since q counts columns there, of eight columns side by side.

Needs a GPU of compute capability 8.0 or more.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import cuda, float32, int32, types, uint32
from numba.core import cgutils

from ._cuda import I32, SIMULATED, _twin, copy_or_zero, device, like, load, load4, store, store4
from ._cuda_gemm import loads, quickest, spot

BF16, TF32, TF32_EVEN = range(3)  # what the numbers are rounded to: kinds
LARGE, SMALL = (128, 128, 16, 8, 16), (64, 64, 16, 4, 8)  # tiles of _cuda_gemm: four warps of 64 by 64, and of 32 by 32
TILES = {SMALL: (200, 4), LARGE: (400, 2)}  # as _cuda_gemm's; what the L2 cache delivers is the limit
DEPTH, BUFFERS = 16, 3  # of every tile
PART = BUFFERS * DEPTH * LARGE[0]  # elements of A, or of B, in shared memory
SUMS, RIGHT = 128, 32  # of a thread, at most: its sums, and its numbers of B


def plan_of(M: int, N: int, K: int, itemsize: int) -> tuple[tuple[int, ...], int]:
    """The tile, and the number of slices, for a product of (M, K) and (K, N)."""
    return quickest(TILES, M, N, K, itemsize)


def tf32_of(a: Any) -> int:
    """The kind of TF32 for the GPU of an array: ties go to even where that is one instruction, else away from zero."""
    return TF32_EVEN if a.device.driver.capability >= (9, 0) else TF32


def bf16_of(a: Any) -> int:
    """The kind of bfloat16 for the GPU of an array."""
    return BF16


def rounded(x: Any, kind: int) -> Any:
    """The float32 that the numbers are rounded to."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    lost = np.uint32(16 if kind == BF16 else 13)  # bits
    half = np.uint32(1) << (lost - np.uint32(1))
    if kind != TF32:  # a tie goes up where the last bit kept is odd
        half = half - np.uint32(1) + ((bits >> lost) & np.uint32(1))
    return np.where(np.isnan(x), np.float32(np.nan), ((bits + half) >> lost << lost).view(np.float32))


def _converts(text: str, count: int) -> Any:
    """The body of an intrinsic: `count` floats to 32 bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(I32, [ir.FloatType()] * count)
        return builder.call(ir.InlineAsm(kind, text, "=r" + ",f" * count), arguments)

    return types.uint32(*[types.float32] * count), generate


@_twin(None)
def _tf32(typing_context, x):
    """The bits of a number rounded to TF32, ties away from zero."""
    return _converts("cvt.rna.tf32.f32 $0, $1;", 1)


@_twin(None)
def _tf32_even(typing_context, x):
    """The bits of a number rounded to TF32, ties to even."""
    return _converts("cvt.rn.tf32.f32 $0, $1;", 1)


@_twin(None)
def _bf16(typing_context, x, y):
    """The bits of two numbers rounded to bfloat16, the first one low."""
    return _converts("cvt.rn.bf16x2.f32 $0, $2, $1;", 2)


def _multiplies(shape: str, kind: str) -> Any:
    """The body of an intrinsic: a warp's product of small matrices, added to four sums of each lane."""
    text = (
        f"mma.sync.aligned.{shape}.row.col.f32.{kind}.{kind}.f32 "
        "{$0, $1, $2, $3}, {$4, $5, $6, $7}, {$8, $9}, {$10, $11, $12, $13};"
    )
    words, sums = (lambda count: types.UniTuple(types.uint32, count)), types.UniTuple(types.float32, 4)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given = [v for a in arguments for v in cgutils.unpack_tuple(builder, a)]
        result = ir.LiteralStructType([ir.FloatType()] * 4)
        kind = ir.FunctionType(result, [value.type for value in given])
        found = builder.call(ir.InlineAsm(kind, text, "=f,=f,=f,=f,r,r,r,r,r,r,0,1,2,3"), given)
        return context.make_tuple(builder, sums, [builder.extract_value(found, k) for k in range(4)])

    return sums(words(4), words(2), sums), generate


@_twin(None)
def _mma_tf32(typing_context, a, b, c):
    """16 rows, 8 deep, times 8 columns."""
    return _multiplies("m16n8k8", "tf32")


@_twin(None)
def _mma_bf16(typing_context, a, b, c):
    """16 rows, 16 deep, times 8 columns."""
    return _multiplies("m16n8k16", "bf16")


@device
def clear(sums):
    for i in range(SUMS):
        sums[i] = like(0.0, sums)


@device
def unknown_zero(a):
    """A 0 that the compiler cannot know; added to a number in TF32, it keeps ptxas from rounding in place.

    For then it moves each number several times, to the registers that mma.sync wants side by side.
    """
    return uint32(int32(a.shape[0]) >> 31)


@device
def own_place(plan):
    """The thread's first row and column of the tile. Of every 32 rows of its warp it owns 4, of every 32 columns 8."""
    t = cuda.threadIdx.x
    warp, g, q = t >> 5, (t & 31) >> 2, t & 3
    across = plan[1] // (4 * plan[4])  # warps side by side
    return int32(warp // across * (8 * plan[3]) + 4 * g), int32(warp % across * (4 * plan[4]) + 8 * q)


@device
def position(extent, along, line, k):
    """Where a number of a part lies in its buffer: lines change places so that a warp's loads meet all banks."""
    if along:
        return (line ^ (line >> 2 & 1)) * DEPTH + k
    return k * extent + (line ^ (8 * (k >> 2)))


@device
def fetch(plan, extent, along, wide, a, start, k0, shared, buffer):
    """Begin to copy a part of a matrix; `start` is where the tile begins in it. Zeros beyond the depth.

    Beyond the other edge it is whatever is near: that becomes sums that are not written.
    """
    rows, columns = int32(a.shape[0]), int32(a.shape[1])
    for v in range(loads(plan, extent)):
        row, column = spot(plan, extent, along, v)
        if along:
            at = int32(buffer * (DEPTH * extent) + position(extent, along, row, column))
            i, j = int32(row + start), int32(column + k0)
        else:
            at = int32(buffer * (DEPTH * extent) + position(extent, along, column, row))
            i, j = int32(row + k0), int32(column + start)
        first = int32(min(i, int32(rows - 1)) * columns)
        if wide:
            inside = j < columns if along else i < rows
            copy_or_zero(shared, at, a, int32(first + min(j, int32(columns - 4))), 4, inside)
        else:
            for e in range(4):
                je = int32(j + e)
                inside = je < columns if along else i < rows
                copy_or_zero(shared, int32(at + e), a, int32(first + min(je, int32(columns - 1))), 1, inside)


@device
def _piece(extent, along, shared, first, line, held):
    """A lane's 16 numbers of 32 lines: held[4 s + i] is that of line 4 g + s, at depth 4 q + i."""
    lane = cuda.threadIdx.x & 31
    g, q = lane >> 2, lane & 3
    for u in range(4):
        if along:
            p = 4 * u
            at = int32(first + position(extent, along, line + 4 * g + u, 4 * q))
            held[p], held[p + 1], held[p + 2], held[p + 3] = load4(shared, at)
        else:
            at = int32(first + position(extent, along, line + 4 * g, 4 * q + u))
            held[u], held[u + 4], held[u + 8], held[u + 12] = load4(shared, at)


@device
def _round(kind, held, bits, o, zero):
    """A piece as mma.sync takes it: 16 registers of TF32, or 8 of two bfloat16 each."""
    if kind == BF16:
        for e in range(8):
            bits[o + e] = _bf16(held[2 * e], held[2 * e + 1])
    elif kind == TF32:
        for e in range(16):
            bits[o + e] = uint32(_tf32(held[e]) + zero)
    else:
        for e in range(16):
            bits[o + e] = uint32(_tf32_even(held[e]) + zero)


@device
def _multiply_tf32(plan, a, b, row, sums):
    """32 rows times a warp's columns."""
    own = plan[4]
    for p in range(0, 16, 8):
        for i in range(0, 4, 2):
            for j in range(own // 2):
                s, r = (row + p // 4) * own + j // 4 * 8 + j % 4, 4 * j + i
                sums[s], sums[s + 4], sums[s + own], sums[s + own + 4] = _mma_tf32(
                    (a[p + i], a[p + i + 4], a[p + i + 1], a[p + i + 5]),
                    (b[r], b[r + 1]),
                    (sums[s], sums[s + 4], sums[s + own], sums[s + own + 4]),
                )


@device
def _multiply_bf16(plan, a, b, row, sums):
    """32 rows times a warp's columns."""
    own = plan[4]
    for p in range(0, 8, 4):
        for j in range(own // 2):
            s, r = (row + p // 2) * own + j // 4 * 8 + j % 4, 2 * j
            sums[s], sums[s + 4], sums[s + own], sums[s + own + 4] = _mma_bf16(
                (a[p], a[p + 2], a[p + 1], a[p + 3]),
                (b[r], b[r + 1]),
                (sums[s], sums[s + 4], sums[s + own], sums[s + own + 4]),
            )


@device
def _multiply(plan, a_along, b_along, kind, shared, buffer, i, j, zero, sums):
    """The sums of a buffer of both parts; i and j are the thread's place in the tile, zero is unknown_zero's."""
    left, right = shared
    a = cuda.local.array(16, uint32)
    b = cuda.local.array(RIGHT, uint32)
    held = cuda.local.array(16, float32)
    rows, columns = plan[0], plan[1]
    lane = cuda.threadIdx.x & 31
    i, j = i - 4 * (lane >> 2), j - 8 * (lane & 3)  # the warp's
    for h in range(plan[4] // 8):
        _piece(columns, b_along, right, buffer * (DEPTH * columns), j + 32 * h, held)
        _round(kind, held, b, 8 * h if kind == BF16 else 16 * h, zero)
    for h in range(plan[3] // 4):
        _piece(rows, a_along, left, buffer * (DEPTH * rows), i + 32 * h, held)
        _round(kind, held, a, 0, zero)
        if kind == BF16:
            _multiply_bf16(plan, a, b, 4 * h, sums)
        else:
            _multiply_tf32(plan, a, b, 4 * h, sums)


def _simulated(
    plan: Any, a_along: Any, b_along: Any, kind: Any, shared: Any, buffer: Any, i: Any, j: Any, zero: Any, sums: Any
) -> None:
    """What _multiply does, from shared memory alone: the simulator's threads cannot multiply together."""
    lines = [i + 32 * (r // 4) + r % 4 for r in range(plan[3])], [j + 32 * (c // 8) + c % 8 for c in range(plan[4])]
    a, b = (
        rounded(
            [[part[DEPTH * extent * buffer + position(extent, along, n, k)] for k in range(DEPTH)] for n in own], kind
        )
        for part, extent, along, own in zip(shared, plan, (a_along, b_along), lines, strict=False)
    )
    sums[: plan[3] * plan[4]] += (a.astype(np.float64) @ b.T).astype(np.float32).reshape(-1)


multiply = _simulated if SIMULATED else _multiply


@device
def write(plan, sums, i0, j0, C, first, M, N, wide):
    """As _cuda_gemm.write."""
    own = plan[4]
    for r in range(plan[3]):
        i = int32(i0 + (r >> 2) * 32 + (r & 3))
        for g in range(own // 4):
            j = int32(j0 + (g >> 1) * 32 + (g & 1) * 4)
            s, at = r * own + 4 * g, int32(first + i * N + j)
            if i < M:
                if wide:
                    if j < N:
                        store4(C, at, sums[s], sums[s + 1], sums[s + 2], sums[s + 3])
                else:
                    for f in range(4):
                        if j + f < N:
                            store(C, int32(at + f), sums[s + f])


@device
def add_to_columns(plan, b, j0, sums):
    """As _cuda_gemm.add_to_columns."""
    for c in range(plan[4]):
        j = int32(j0 + (c >> 3) * 32 + (c & 7))
        value = load(b, int32(min(j, int32(b.size - 1))))
        for r in range(plan[3]):
            sums[r * plan[4] + c] += value
