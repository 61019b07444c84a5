"""What the threads of a CUDA block work out together: sums, always in the same order.

`shared` has room for a value of each thread, whose number is a power of two. Threads may write it again at once: the
last of them has read it. Shuffles within warps would save a few barriers, but the simulator does not know them.
"""

from numba import cuda

from ._cuda import device


@device
def block_sum(value, shared):
    """The sum of all threads' values, for each of them."""
    t = cuda.threadIdx.x
    shared[t] = value
    half = cuda.blockDim.x >> 1
    while half > 0:
        cuda.syncthreads()
        if t < half:
            shared[t] += shared[t + half]
        half >>= 1
    cuda.syncthreads()
    total = shared[0]
    cuda.syncthreads()
    return total


@device
def larger(a, b):
    """The larger one; NaN where either is."""
    return a if a >= b or a != a else b
