"""numbanet.kernels.accuracy: whether each row is a hit, by a few lanes a row, and then their sum, by one block."""

from numba import cuda, int64

from .._cuda import like
from .._cuda_block import block_sum
from .._cuda_kernel import THREADS, kernel
from .._cuda_rows import MOST, argmax, counts, row_of_thread, rows


@rows()
def _judge_sparse(p, labels, state, hits):
    shared = cuda.shared.array(MOST, p.dtype)
    C = p.shape[1]
    r, first, end, lanes = row_of_thread(p)
    # F1
    found = argmax(first, end, lanes, p, shared)
    if first == r * C:
        hits[r] = like(1 if found == first + labels[r] else 0, p)


@rows()
def _judge_categorical(p, t, state, hits):
    shared = cuda.shared.array(MOST, p.dtype)
    C = p.shape[1]
    r, first, end, lanes = row_of_thread(p)
    # F1
    found, label = argmax(first, end, lanes, p, shared), argmax(first, end, lanes, t, shared)
    if first == r * C:
        hits[r] = like(1 if found == label and found < end else 0, p)


@kernel(scratch=lambda p, labels, state: len(p), before=[_judge_sparse])
def update_sparse(p, labels, state, hits):
    shared = cuda.shared.array(THREADS, int64)
    t = cuda.threadIdx.x
    total = block_sum(counts(t, hits.size, THREADS, 0, hits), shared)
    if t == 0:
        state[0] += total  # F2
        state[1] += p.shape[0]  # F3


@kernel(scratch=lambda p, t, state: len(p), before=[_judge_categorical])
def update_categorical(p, t, state, hits):
    shared = cuda.shared.array(THREADS, int64)
    own = cuda.threadIdx.x
    total = block_sum(counts(own, hits.size, THREADS, 0, hits), shared)
    if own == 0:
        state[0] += total  # F2
        state[1] += p.shape[0]  # F3
