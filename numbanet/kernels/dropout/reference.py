"""The equations of numbanet.kernels.dropout as loops."""

from .._kernel import kernel
from .._philox import block


@kernel()
def forward(x, rate, seed, stream, iteration, mask, y):
    for i in range(x.size):
        # F1
        u = block(seed, stream, iteration[0], i // 4)[i % 4] * 2.0**-32
        # F2
        mask[i] = 1.0 / (1.0 - rate) if u >= rate else 0.0
        # F3
        y[i] = x[i] * mask[i]


@kernel()
def backward(dy, mask, dx):
    for i in range(dy.size):
        # B1
        dx[i] = dy[i] * mask[i]
