"""numbanet.kernels.perceptron: a block works out the score of a sample; an epoch, a sequence, is one block."""

from numba import cuda

from .._cuda import WARP, device, like
from .._cuda_block import block_sum
from .._cuda_kernel import kernel
from .._cuda_pixels import power

MOST = 1024  # threads of a block, as many as there are


def _threads(x, *others):
    """A thread for each feature, in whole warps; block_sum wants a power of two."""
    return power(max(WARP, x.shape[1]), MOST)


@device
def _score(x, n, w, bias, shared):
    # F1
    total, i = like(0.0, w), cuda.threadIdx.x
    while i < w.size:
        total += x[n, i] * w[i]
        i += cuda.blockDim.x
    return bias + block_sum(total, shared)


@device
def _output(score):
    # F1
    step = like(1.0, score) if score >= like(0.0, score) else like(0.0, score)
    return score if score != score else step


@kernel(threads=_threads)
def epoch(x, t, learning_rate, w, b, mistakes):
    shared = cuda.shared.array(MOST, w.dtype)
    rate, bias, wrong = like(learning_rate, w), b[0], 0
    for n in range(x.shape[0]):
        # U1
        error = t[n] - _output(_score(x, n, w, bias, shared))
        change = rate * error
        i = cuda.threadIdx.x
        while i < w.size:
            # U2
            w[i] += change * x[n, i]
            i += cuda.blockDim.x
        # U3
        bias += change
        # U4
        wrong += 1 if error != like(0.0, w) else 0
    if cuda.threadIdx.x == 0:
        b[0] = bias
        mistakes[0] = wrong


@kernel(grid=lambda x, w, b, y: len(x), threads=_threads)
def predict(x, w, b, y):
    shared = cuda.shared.array(MOST, w.dtype)
    n = cuda.blockIdx.x
    score = _score(x, n, w, b[0], shared)
    if cuda.threadIdx.x == 0:
        y[n] = _output(score)
