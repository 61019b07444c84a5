"""The equations of numbanet.kernels.confusion as loops."""

from .._argmax import argmax
from .._jit import like
from .._kernel import kernel
from .._tile import flat


@kernel()
def update_sparse(p, labels, matrix):
    for n in range(p.shape[0]):
        predicted = argmax(p, n)
        if predicted >= 0:
            # F1
            matrix[labels[n], predicted] += 1.0


@kernel()
def update_binary(p, t, threshold, counts):
    p, t = flat(p), flat(t)
    limit = like(threshold, p)
    for i in range(p.size):
        if p[i] > limit and t[i] > 0.5:
            counts[0] += 1.0  # F2
        elif p[i] > limit:
            counts[1] += 1.0  # F3
        elif p[i] <= limit and t[i] <= 0.5:
            counts[2] += 1.0  # F4
        elif p[i] <= limit:
            counts[3] += 1.0  # F5
