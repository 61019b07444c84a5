"""The equations of numbanet.kernels.lion as loops."""

from .._kernel import kernel


@kernel()
def update(g, learning_rate, beta_1, beta_2, m, w):
    for i in range(w.size):
        # U1
        c = beta_1 * m[i] + (1 - beta_1) * g[i]
        # U2
        if c > 0:
            w[i] = w[i] - learning_rate[0]
        elif c < 0:
            w[i] = w[i] + learning_rate[0]
        elif c != 0:
            w[i] = c  # NaN
        # U3
        m[i] = beta_2 * m[i] + (1 - beta_2) * g[i]
