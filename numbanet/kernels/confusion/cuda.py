"""numbanet.kernels.confusion: the class that each row predicts, then a block for each true class counts its rows;
binary, blocks count the cases of their elements, and one block adds up the counts. All counts are integers.
"""

from numba import cuda, int32, int64

from .._cuda import ceil_div, device, like, load
from .._cuda_block import block_sum
from .._cuda_kernel import THREADS, kernel
from .._cuda_rows import MOST, argmax, blocks_of, counts, row_of_thread, rows, summed

BITS = 16  # of a count: a thread has at most 2^31 / (1024 blocks * 256) = 2^13 elements, and four counts in an integer


@rows()
def _predict(p, labels, matrix, predicted):
    shared = cuda.shared.array(MOST, p.dtype)
    C = p.shape[1]
    r, first, end, lanes = row_of_thread(p)
    found = argmax(first, end, lanes, p, shared)
    if first == r * C:
        # no class is C; scratch has p's type, in which a class below 2^24 is exact
        predicted[r] = like(found - first, p)


@kernel(
    grid=lambda p, labels, matrix: (p.shape[1], ceil_div(p.shape[1], THREADS)),
    scratch=lambda p, labels, matrix: len(p),
    before=[_predict],
)
def update_sparse(p, labels, matrix, predicted):
    # a cell of the matrix for each thread
    found = cuda.shared.array(THREADS, int32)
    true, first, t = cuda.blockIdx.x, cuda.blockIdx.y * THREADS, cuda.threadIdx.x
    found[t] = 0
    cuda.syncthreads()
    for n in range(t, p.shape[0], THREADS):
        c = int64(predicted[n]) - first
        if labels[n] == true and 0 <= c < THREADS:
            cuda.atomic.add(found, c, 1)
    cuda.syncthreads()
    if first + t < p.shape[1]:
        # F1
        matrix[true, first + t] += found[t]


@device
def _case(i, p, t, threshold):
    x, limit, yes = load(p, i), like(threshold, p), load(t, i) > like(0.5, t)
    kind = (0 if yes else 1) if x > limit else (3 if yes else 2)
    return 1 << (BITS * kind) if x == x else 0


_cases = summed(_case)


@kernel(grid=lambda p, t, threshold, counts: blocks_of(p.size))
def _count(p, t, threshold, counts, cases):
    shared = cuda.shared.array(THREADS, int64)
    own = _cases(cuda.grid(1), p.size, cuda.gridsize(1), 0, p, t, threshold)
    for kind in range(4):
        total = block_sum((own >> (BITS * kind)) & ((1 << BITS) - 1), shared)
        if cuda.threadIdx.x == 0:
            cases[4 * cuda.blockIdx.x + kind] = like(total, p)  # below 2^24, which float32 holds exactly


_sum_of = counts  # which is an argument's name below


@kernel(scratch=lambda p, t, threshold, counts: 4 * blocks_of(p.size), before=[_count])
def update_binary(p, t, threshold, counts, cases):
    shared = cuda.shared.array(THREADS, int64)
    own = cuda.threadIdx.x
    for kind in range(4):
        total = block_sum(_sum_of(4 * own + kind, cases.size, 4 * THREADS, 0, cases), shared)
        if own == 0:
            counts[kind] += total  # F2 to F5
