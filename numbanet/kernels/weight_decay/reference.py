"""The equation of numbanet.kernels.weight_decay as a loop."""

from .._kernel import kernel


@kernel()
def apply(learning_rate, decay, w):
    for i in range(w.size):
        # U1
        w[i] = w[i] - learning_rate[0] * decay * w[i]
