"""numbanet.kernels.conv2d on tensor cores: what its kernels in TF32 and in bfloat16 share."""

from numba import cuda, int32

from .. import _cuda_mma
from .._cuda import commit_copies, copy_or_zero, device, short, store, store4, wait_copies
from .._cuda_gemm import HELD, loads, spot
from .._cuda_patches import (
    A_ALONG,
    A_WIDE,
    B_ALONG,
    B_WIDE,
    C_WIDE,
    KIND,
    element_of_a,
    element_of_b,
    find,
    place_of,
    room,
    slice_start,
    tile_and_slice,
)


@device
def _fetch_a(plan, view, a, i0, k0, places, shared, buffer):
    """Begin to copy a thread's share of a part of A."""
    extent, along = plan[0], plan[A_ALONG]
    for v in range(loads(plan, extent)):
        row, column = spot(plan, extent, along, v)
        place = (
            _cuda_mma.position(extent, along, row, column) if along else _cuda_mma.position(extent, along, column, row)
        )
        at = int32(buffer * (_cuda_mma.DEPTH * extent) + place)
        if plan[A_WIDE]:
            there, k = element_of_a(plan, view, i0, k0, v, 0, places)
            copy_or_zero(shared, at, a, k if there else 0, 4, there)
        else:
            for e in range(4):
                there, k = element_of_a(plan, view, i0, k0, v, e, places)
                copy_or_zero(shared, int32(at + e), a, k if there else 0, 1, there)


@device
def _fetch_b(plan, view, b, j0, k0, shared, buffer):
    """Begin to copy a thread's share of a part of B."""
    extent, along = plan[1], plan[B_ALONG]
    for v in range(loads(plan, extent)):
        row, column = spot(plan, extent, along, v)
        place = (
            _cuda_mma.position(extent, along, row, column) if along else _cuda_mma.position(extent, along, column, row)
        )
        at = int32(buffer * (_cuda_mma.DEPTH * extent) + place)
        if plan[B_WIDE]:
            there, k = element_of_b(plan, view, j0, k0, v, 0)
            copy_or_zero(shared, at, b, k if there else 0, 4, there)
        else:
            for e in range(4):
                there, k = element_of_b(plan, view, j0, k0, v, e)
                copy_or_zero(shared, int32(at + e), b, k if there else 0, 1, there)


@device
def product(plan, view, a, b, shared, sums):
    """The thread's sums of A B, and their first row and column in C; the loop is that of dense."""
    left, right = shared
    places = cuda.local.array(HELD, int32)
    i0, j0, k0, last = tile_and_slice(plan, view)
    i, j = _cuda_mma.own_place(plan)
    find(plan, view, i0, places)
    _cuda_mma.clear(sums)
    if k0 < last:
        _fetch_a(plan, view, a, i0, k0, places, left, 0)
        _fetch_b(plan, view, b, j0, k0, right, 0)
    commit_copies()
    if k0 + _cuda_mma.DEPTH < last:
        _fetch_a(plan, view, a, i0, k0 + _cuda_mma.DEPTH, places, left, 1)
        _fetch_b(plan, view, b, j0, k0 + _cuda_mma.DEPTH, right, 1)
    commit_copies()
    buffer, free, zero = int32(0), int32(2), _cuda_mma.unknown_zero(a)
    while k0 < last:
        wait_copies(1)  # this step's have arrived, the next one's are under way
        cuda.syncthreads()  # and all threads are done with the buffer of the step before
        if int32(k0 + 2 * _cuda_mma.DEPTH) < last:
            _fetch_a(plan, view, a, i0, k0 + 2 * _cuda_mma.DEPTH, places, left, free)
            _fetch_b(plan, view, b, j0, k0 + 2 * _cuda_mma.DEPTH, right, free)
        commit_copies()
        _cuda_mma.multiply(plan, plan[A_ALONG], plan[B_ALONG], plan[KIND], shared, buffer, i, j, zero, sums)
        free, buffer = buffer, int32(0 if buffer == 2 else buffer + 1)
        k0 = int32(k0 + _cuda_mma.DEPTH)
    return int32(i0 + i), int32(j0 + j)


@device
def write(plan, view, sums, i0, j0, C):
    """Store a thread's sums, which lie as _cuda_mma.own_place says, to C, or to the part that is its slice's."""
    own = plan[4]
    M, width, first = room(plan, view)
    first += slice_start(plan, C)
    for r in range(plan[3]):
        i = i0 + (r >> 2) * 32 + (r & 3)
        start = first + place_of(plan, view, i)
        for g in range(own // 4):
            j, s = j0 + (g >> 1) * 32 + (g & 1) * 4, r * own + 4 * g
            if plan[C_WIDE]:
                if i < M and j < width:
                    store4(C, short(start + j), sums[s], sums[s + 1], sums[s + 2], sums[s + 3])
            else:
                for f in range(4):
                    if i < M and j + f < width:
                        store(C, short(start + j + f), sums[s + f])
