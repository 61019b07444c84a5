"""The equations of numbanet.kernels.adam as loops."""

import math

from .._kernel import kernel


@kernel()
def update(g, learning_rate, beta_1, beta_2, epsilon, iteration, m, v, w):
    t = iteration[0] + 1
    for i in range(w.size):
        # U1, U2
        m[i] = beta_1 * m[i] + (1 - beta_1) * g[i]
        v[i] = beta_2 * v[i] + (1 - beta_2) * g[i] * g[i]
        # U3, U5
        m_hat = m[i] / (1 - beta_1**t)
        v_hat = v[i] / (1 - beta_2**t)
        w[i] = w[i] - learning_rate[0] * m_hat / (math.sqrt(v_hat) + epsilon)


@kernel()
def update_amsgrad(g, learning_rate, beta_1, beta_2, epsilon, iteration, m, v, highest, w):
    t = iteration[0] + 1
    for i in range(w.size):
        # U1, U2
        m[i] = beta_1 * m[i] + (1 - beta_1) * g[i]
        v[i] = beta_2 * v[i] + (1 - beta_2) * g[i] * g[i]
        # U4, with a NaN kept
        if not v[i] <= highest[i]:
            highest[i] = v[i]
        # U3, U5
        m_hat = m[i] / (1 - beta_1**t)
        v_hat = highest[i] / (1 - beta_2**t)
        w[i] = w[i] - learning_rate[0] * m_hat / (math.sqrt(v_hat) + epsilon)
