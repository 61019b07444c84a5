"""numbanet.kernels.confusion: the rows are scattered one after another, so update_sparse is the reference's; the binary
counts are sums without a branch, which vectorise.
"""

from .._jit import like
from .._kernel import kernel
from .._tile import flat
from .reference import update_sparse

__all__ = ["update_binary", "update_sparse"]


@kernel()
def update_binary(p, t, threshold, counts):
    p, t = flat(p), flat(t)
    limit, half = like(threshold, p), like(0.5, t)
    positive, both, negative, neither = 0, 0, 0, 0
    for i in range(p.size):
        positive += p[i] > limit
        both += (p[i] > limit) & (t[i] > half)
        negative += p[i] <= limit
        neither += (p[i] <= limit) & (t[i] <= half)
    counts[0] += both  # F2
    counts[1] += positive - both  # F3
    counts[2] += neither  # F4
    counts[3] += negative - neither  # F5
