"""numbanet.kernels.weight_decay in chunks: a task owns a stretch of the weights."""

from .._chunks import chunk, chunks
from .._jit import like
from .._kernel import kernel


@kernel(tasks=chunks)
def apply(task, learning_rate, decay, w):
    share = like(learning_rate[0] * decay, w)
    for i in chunk(task, w.size):
        # U1
        w[i] -= share * w[i]
