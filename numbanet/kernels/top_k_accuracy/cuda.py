"""numbanet.kernels.top_k_accuracy: whether each row is a hit, by a few lanes a row; one block adds up the hits."""

from numba import cuda, int64

from .._cuda import device, like, load
from .._cuda_block import block_sum
from .._cuda_kernel import THREADS, kernel
from .._cuda_rows import MOST, argmax, counts, row_of_thread, row_sum, rows, summed


@device
def _is_higher(i, p, score):
    # F1: a NaN beside the score counts as more than there are classes
    x = load(p, i)
    return 0 if x <= score else (1 if x > score else p.shape[1] + 1)


_higher = summed(_is_higher)


@device
def _judge(r, first, end, lanes, place, p, k, hits, shared):
    """Whether the element at a place of the row is among the k highest."""
    C = p.shape[1]
    higher = row_sum(_higher(first, end, lanes, 0, p, load(p, place)), lanes, shared)
    if first == r * C:
        # F2
        hits[r] = like(1 if higher < min(k, C + 1) else 0, p)


@rows()
def _judge_sparse(p, labels, k, state, hits):
    shared = cuda.shared.array(MOST, int64)
    r, first, end, lanes = row_of_thread(p)
    _judge(r, first, end, lanes, r * p.shape[1] + labels[r], p, k, hits, shared)


@rows()
def _judge_categorical(p, t, k, state, hits):
    floats = cuda.shared.array(MOST, p.dtype)
    shared = cuda.shared.array(MOST, int64)
    r, first, end, lanes = row_of_thread(p)
    label = argmax(first, end, lanes, t, floats)
    # without a class, k = 0
    _judge(r, first, end, lanes, min(label, end - 1), p, k if label < end else 0, hits, shared)


@kernel(scratch=lambda p, labels, k, state: len(p), before=[_judge_sparse])
def update_sparse(p, labels, k, state, hits):
    shared = cuda.shared.array(THREADS, int64)
    t = cuda.threadIdx.x
    total = block_sum(counts(t, hits.size, THREADS, 0, hits), shared)
    if t == 0:
        state[0] += total  # F3
        state[1] += p.shape[0]  # F4


@kernel(scratch=lambda p, t, k, state: len(p), before=[_judge_categorical])
def update_categorical(p, t, k, state, hits):
    shared = cuda.shared.array(THREADS, int64)
    own = cuda.threadIdx.x
    total = block_sum(counts(own, hits.size, THREADS, 0, hits), shared)
    if own == 0:
        state[0] += total  # F3
        state[1] += p.shape[0]  # F4
