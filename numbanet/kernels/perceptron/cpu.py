"""numbanet.kernels.perceptron: the sum over features and the correction are vectors, the samples a sequence."""

from .._jit import inline, like
from .._kernel import kernel

CHUNK = 16384  # elements of x in a task of predict


@inline
def _output(row, w, b):
    zero = like(0.0, w)
    total = zero
    for i in range(w.size):
        total += row[i] * w[i]
    score = b[0] + total
    # F1
    step = like(1.0, w) if score >= zero else zero
    return score if score != score else step


@kernel()
def epoch(x, t, learning_rate, w, b, mistakes):
    rate = like(learning_rate, w)
    wrong = 0
    for n in range(x.shape[0]):
        row = x[n]
        # U1
        error = t[n] - _output(row, w, b)
        change = rate * error
        for i in range(w.size):
            # U2
            w[i] += change * row[i]
        # U3
        b[0] += change
        # U4
        wrong += error != like(0.0, w)
    mistakes[0] = wrong


@kernel(tasks=lambda x, w, b, y: -(-x.shape[0] // max(1, CHUNK // max(1, x.shape[1]))))
def predict(task, x, w, b, y):
    N, I = x.shape
    count = max(1, CHUNK // max(1, I))
    first = task * count
    for n in range(first, min(N, first + count)):
        y[n] = _output(x[n], w, b)
