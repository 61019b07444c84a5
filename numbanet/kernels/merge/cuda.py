"""numbanet.kernels.merge: an element, or where rows allow four, of the wider array a thread."""

from numba import cuda

from .._cuda import ceil_div, divide, like
from .._cuda_elementwise import elementwise, lanes, move
from .._cuda_kernel import THREADS, kernel


@kernel(
    grid=lambda a, b, y: ceil_div(y.size // lanes(a, b, y), THREADS),
    plan=lambda a, b, y: (lanes(a, b, y),),
)
def concatenate(plan, a, b, y):
    A, B = a.shape[1] // plan[0], b.shape[1] // plan[0]
    place = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if place < y.shape[0] * (A + B):
        r, i = divide(place, A + B)
        # F1
        if i < A:
            move(plan[0], a, r * A + i, y, place)
        else:
            move(plan[0], b, r * B + i - A, y, place)


@kernel(
    grid=lambda dy, da, db: ceil_div(dy.size // lanes(dy, da, db), THREADS),
    plan=lambda dy, da, db: (lanes(dy, da, db),),
)
def concatenate_backward(plan, dy, da, db):
    A, B = da.shape[1] // plan[0], db.shape[1] // plan[0]
    place = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if place < dy.shape[0] * (A + B):
        r, i = divide(place, A + B)
        # B1
        if i < A:
            move(plan[0], dy, place, da, r * A + i)
        else:
            move(plan[0], dy, place, db, r * B + i - A)


@elementwise()
def multiply(a, b, y):
    # F2
    return a * b


@elementwise()
def multiply_backward(dy, a, b, da, db):
    # B2
    return dy * b, dy * a


@elementwise()
def average(a, b, y):
    # F3
    return (a + b) * like(0.5, a)


@elementwise()
def average_backward(dy, da, db):
    # B3
    return dy * like(0.5, dy), dy * like(0.5, dy)
