"""numbanet.kernels.accuracy by comparison with the true class, a loop that vectorises where an argmax does not."""

from .._argmax import argmax
from .._jit import inline
from .._kernel import kernel


@inline
def _is_first_maximum(p, n, c):
    score = p[n, c]
    beaten = 0
    for j in range(c):
        beaten += p[n, j] < score
    for j in range(c, p.shape[1]):
        beaten += p[n, j] <= score
    return beaten == p.shape[1]


@kernel()
def update_sparse(p, labels, state):
    hits = 0
    for n in range(p.shape[0]):
        # F1
        hits += _is_first_maximum(p, n, labels[n])
    state[0] += hits  # F2
    state[1] += p.shape[0]  # F3


@kernel()
def update_categorical(p, t, state):
    hits = 0
    for n in range(p.shape[0]):
        # F1
        label = argmax(t, n)
        if label >= 0:
            hits += _is_first_maximum(p, n, label)
    state[0] += hits  # F2
    state[1] += p.shape[0]  # F3
