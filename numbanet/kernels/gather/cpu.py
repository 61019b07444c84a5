"""numbanet.kernels.gather: a task copies a run of rows of the output."""

from .._kernel import kernel

CHUNK = 16384  # elements of a task


@kernel(tasks=lambda source, order, first, out: -(-out.shape[0] // max(1, CHUNK // max(1, out.shape[1]))))
def rows(task, source, order, first, out):
    N, I = out.shape
    count = max(1, CHUNK // max(1, I))
    for n in range(task * count, min(N, (task + 1) * count)):
        row, copy = source[order[first[0] + n]], out[n]
        # F1
        for i in range(I):
            copy[i] = row[i]
