"""numbanet.kernels.moving_average in chunks: a task owns a stretch of the weights."""

from .._chunks import chunk, chunks
from .._jit import like
from .._kernel import kernel


@kernel(tasks=chunks)
def follow(task, momentum, iteration, w, average):
    kept = like(momentum if iteration[0] > 1 else 0.0, w)
    share = like(1 - momentum if iteration[0] > 1 else 1.0, w)
    for i in chunk(task, w.size):
        # U1
        average[i] = kept * average[i] + share * w[i]


@kernel(tasks=chunks)
def overwrite(task, every, iteration, average, w):
    if iteration[0] % every:
        return
    for i in chunk(task, w.size):
        # U2
        w[i] = average[i]
