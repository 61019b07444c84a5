"""The equations of numbanet.kernels.top_k_accuracy as loops."""

from .._argmax import argmax
from .._jit import inline
from .._kernel import kernel


@inline
def _is_in_top_k(p, n, c, k):
    higher, not_higher = 0, 0
    for j in range(p.shape[1]):
        # F1
        higher += p[n, j] > p[n, c]
        not_higher += p[n, j] <= p[n, c]
    # F2: a NaN is neither
    return higher < k and higher + not_higher == p.shape[1]


@kernel()
def update_sparse(p, labels, k, state):
    for n in range(p.shape[0]):
        if _is_in_top_k(p, n, labels[n], k):
            state[0] += 1.0  # F3
        state[1] += 1.0  # F4


@kernel()
def update_categorical(p, t, k, state):
    for n in range(p.shape[0]):
        c = argmax(t, n)
        if c >= 0 and _is_in_top_k(p, n, c, k):
            state[0] += 1.0  # F3
        state[1] += 1.0  # F4
