"""numbanet.kernels.gather: a task copies a run of rows of the output."""

from .._kernel import kernel

CHUNK = 16384  # elements of a task


@kernel(tasks=lambda source, indices, out: -(-out.shape[0] // max(1, CHUNK // max(1, out.shape[1]))))
def rows(task, source, indices, out):
    N, I = out.shape
    count = max(1, CHUNK // max(1, I))
    first = task * count
    for n in range(first, min(N, first + count)):
        row, copy = source[indices[n]], out[n]
        # F1
        for i in range(I):
            copy[i] = row[i]
