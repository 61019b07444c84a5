"""numbanet.kernels.dense on tensor cores: what its kernels in TF32 and in bfloat16 share."""

from numba import cuda, int32

from .. import _cuda_mma
from .._cuda import commit_copies, device, wait_copies
from .._cuda_gemm import slice_of, tile_of
from .cuda import A_ALONG, A_WIDE, B_ALONG, B_WIDE, C_WIDE, SLICED

KIND = SLICED + 1  # behind what the plans of dense.cuda have


@device
def _fetch(plan, a, b, place, k0, last, shared, buffer):
    """Begin to copy both parts from k0 on, where that is in the depth. The copies are a group, of however few."""
    left, right = shared
    if k0 < last:
        _cuda_mma.fetch(plan, plan[0], plan[A_ALONG], plan[A_WIDE], a, place[0], k0, left, buffer)
        _cuda_mma.fetch(plan, plan[1], plan[B_ALONG], plan[B_WIDE], b, place[1], k0, right, buffer)
    commit_copies()


@device
def product(plan, a, b, C, K, shared, sums):
    """The thread's sums of A B, and their first row and column in C."""
    place = tile_of(plan, C.shape[1])
    i, j = _cuda_mma.own_place(plan)
    first, last = slice_of(plan, K)
    _cuda_mma.clear(sums)
    _fetch(plan, a, b, place, first, last, shared, 0)
    _fetch(plan, a, b, place, int32(first + _cuda_mma.DEPTH), last, shared, 1)
    k0, buffer, free, zero = first, int32(0), int32(2), _cuda_mma.unknown_zero(C)
    while k0 < last:
        wait_copies(1)  # this step's have arrived, the next one's are under way
        cuda.syncthreads()  # and all threads are done with the buffer of the step before
        _fetch(plan, a, b, place, int32(k0 + 2 * _cuda_mma.DEPTH), last, shared, free)
        _cuda_mma.multiply(plan, plan[A_ALONG], plan[B_ALONG], plan[KIND], shared, buffer, i, j, zero, sums)
        free, buffer = buffer, int32(0 if buffer == 2 else buffer + 1)
        k0 = int32(k0 + _cuda_mma.DEPTH)
    return int32(place[0] + i), int32(place[1] + j)


@device
def write(plan, sums, i, j, C, part):
    """To C, or to its slice of the scratch memory."""
    M, N = int32(C.shape[0]), int32(C.shape[1])
    if plan[SLICED]:
        _cuda_mma.write(plan, sums, i, j, part, cuda.blockIdx.y * M * N, M, N, plan[C_WIDE])
    else:
        _cuda_mma.write(plan, sums, i, j, C, 0, M, N, plan[C_WIDE])
