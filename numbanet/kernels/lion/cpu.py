"""numbanet.kernels.lion in chunks: a task owns a stretch of the weights."""

from .._chunks import chunk, chunks
from .._jit import like
from .._kernel import kernel


@kernel(tasks=chunks)
def update(task, g, learning_rate, beta_1, beta_2, m, w):
    rate, zero = like(learning_rate[0], w), like(0.0, w)
    kept_c, new_c = like(beta_1, w), like(1.0 - beta_1, w)
    kept_m, new_m = like(beta_2, w), like(1.0 - beta_2, w)
    for i in chunk(task, w.size):
        # U1
        c = kept_c * m[i] + new_c * g[i]
        # U2: zero and NaN are their own signs
        w[i] -= rate if c > zero else (-rate if c < zero else c)
        # U3
        m[i] = kept_m * m[i] + new_m * g[i]
