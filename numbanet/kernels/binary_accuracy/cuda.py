"""numbanet.kernels.binary_accuracy: blocks count the hits of their elements, and one block adds up the counts."""

from numba import cuda, int64

from .._cuda import device, like, load
from .._cuda_block import block_sum
from .._cuda_kernel import THREADS, kernel
from .._cuda_rows import blocks_of, counts, summed


@device
def _is_hit(i, p, t, threshold):
    # F1
    x = load(p, i)
    same = (x > like(threshold, p)) == (load(t, i) > like(0.5, t))
    return 1 if same and x == x else 0


_hits = summed(_is_hit)


@kernel(grid=lambda p, t, threshold, state: blocks_of(p.size))
def _count(p, t, threshold, state, hits):
    shared = cuda.shared.array(THREADS, int64)
    total = block_sum(_hits(cuda.grid(1), p.size, cuda.gridsize(1), 0, p, t, threshold), shared)
    if cuda.threadIdx.x == 0:
        hits[cuda.blockIdx.x] = like(total, p)  # fewer than 2^24, which float32 holds exactly


@kernel(scratch=lambda p, t, threshold, state: blocks_of(p.size), before=[_count])
def update(p, t, threshold, state, hits):
    shared = cuda.shared.array(THREADS, int64)
    own = cuda.threadIdx.x
    total = block_sum(counts(own, hits.size, THREADS, 0, hits), shared)
    if own == 0:
        state[0] += total  # F2
        state[1] += p.size  # F3
