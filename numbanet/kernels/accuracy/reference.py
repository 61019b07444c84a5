"""The equations of numbanet.kernels.accuracy as loops."""

from .._argmax import argmax
from .._kernel import kernel


@kernel()
def update_sparse(p, labels, state):
    for n in range(p.shape[0]):
        # F1
        if argmax(p, n) == labels[n]:
            state[0] += 1.0  # F2
        state[1] += 1.0  # F3


@kernel()
def update_categorical(p, t, state):
    for n in range(p.shape[0]):
        # F1
        found = argmax(p, n)
        if found >= 0 and found == argmax(t, n):
            state[0] += 1.0  # F2
        state[1] += 1.0  # F3
