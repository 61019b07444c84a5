"""The equations of numbanet.kernels.moving_average as loops."""

from .._kernel import kernel


@kernel()
def follow(momentum, iteration, w, average):
    for i in range(w.size):
        # U1
        average[i] = momentum * average[i] + (1 - momentum) * w[i] if iteration[0] > 1 else w[i]


@kernel()
def overwrite(every, iteration, average, w):
    for i in range(w.size):
        # U2
        if iteration[0] % every == 0:
            w[i] = average[i]
