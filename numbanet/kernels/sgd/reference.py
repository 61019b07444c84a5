"""The equations of numbanet.kernels.sgd as loops."""

from .._kernel import kernel


@kernel()
def update(g, learning_rate, w):
    for i in range(w.size):
        # U1
        w[i] = w[i] - learning_rate[0] * g[i]


@kernel()
def update_momentum(g, learning_rate, momentum, v, w):
    for i in range(w.size):
        # U2, U3
        v[i] = momentum * v[i] - learning_rate[0] * g[i]
        w[i] = w[i] + v[i]


@kernel()
def update_nesterov(g, learning_rate, momentum, v, w):
    for i in range(w.size):
        # U2, U4
        v[i] = momentum * v[i] - learning_rate[0] * g[i]
        w[i] = w[i] + momentum * v[i] - learning_rate[0] * g[i]
