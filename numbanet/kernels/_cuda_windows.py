"""What CUDA kernels of pooling and normalisation share: lanes of channels, places of threads, and sums of blocks.

A thread has `lanes` neighbouring channels: 4 with 128-bit accesses where their number is a multiple of 4, else 1. It
handles them as four values, a quad; a quad of one lane is four times the same value, which is computed once.

A block that adds up columns has `width` of its threads, a power of two, beside one another on channels; the others
follow on the next rows. A block that adds up rows has `width` threads on each row.
"""

from numba import cuda

from ._cuda import ceil_div, device, divide, like, load, load4, store, store4
from ._cuda_kernel import THREADS
from ._cuda_pixels import BLOCKS

LANES = 4  # of a quad
APART = 4  # rows, or images, of a thread: so many loads are under way at once
WIDTH = 32  # columns of a block, at most: a warp reads 128 bytes
NARROW = 8  # and at least where there are more: 32 bytes are what memory is read by
MOST = 1024  # threads of a block that adds up columns
PAIRS = 2 * MOST  # two values of each
HELD = 2  # quads of a row that a thread keeps: that is all of it where C is below 2048
ROUND = 8  # rows of a part that a thread loads at once


def power(count, most):
    """The least power of two that is not below count; at most `most`, which is one."""
    found = 1
    while found < count and found < most:
        found <<= 1
    return found


_power_of_two = device(power)


@device
def take(a, i, lanes):
    """The quad from a.flat[i] on."""
    if lanes == LANES:
        return load4(a, i)
    value = load(a, i)
    return value, value, value, value


@device
def put(a, i, v, lanes):
    """a.flat[i] and what follows = the quad v."""
    if lanes == LANES:
        store4(a, i, v[0], v[1], v[2], v[3])
    else:
        store(a, i, v[0])


@device
def quad(value):
    return value, value, value, value


@device
def plus(a, b):
    return a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]


@device
def minus(a, b):
    return a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]


@device
def times(a, b):
    return a[0] * b[0], a[1] * b[1], a[2] * b[2], a[3] * b[3]


@device
def choose(which, a, b):
    """The quad a or the quad b."""
    return (a[0] if which else b[0], a[1] if which else b[1], a[2] if which else b[2], a[3] if which else b[3])


@device
def total_of(v, lanes):
    """The sum of a quad's lanes."""
    return (v[0] + v[1]) + (v[2] + v[3]) if lanes == LANES else v[0]


def lanes_of(C):
    """Of threads on C channels."""
    return LANES if C % LANES == 0 else 1


def pixel_blocks(N, H, W, C):
    """Blocks whose threads have a quad of a pixel each, for images (N, H, W, C)."""
    return ceil_div(N * H * W * C // lanes_of(C), THREADS)


@device
def pixel(lanes, H, W, C):
    """This thread's image, row, column and first channel."""
    rest, c = divide(cuda.grid(1), C // lanes)
    row, w = divide(rest, W)
    n, h = divide(row, H)
    return n, h, w, c * lanes


@device
def clamped(i, extent):
    """The place inside that is nearest to i: what is loaded there has to be ignored where i is outside."""
    return min(max(i, 0), extent - 1)


def row_blocks(N, T, C):
    """Blocks whose threads have a quad of APART rows each, for samples (N, T, C)."""
    return ceil_div(N * ceil_div(T, APART) * (C // lanes_of(C)), THREADS)


@device
def rows_apart(lanes, T, C):
    """This thread's sample, its first channel, and where it begins in each of its rows.

    They are T / APART rows apart. One beyond the last row is the first of them once more: the thread has all its loads
    under way before it stores, so that it stores the same there twice.
    """
    step = (T + APART - 1) // APART
    rest, c = divide(cuda.grid(1), C // lanes)
    n, t = divide(rest, step)
    a, b, d = t + step, t + 2 * step, t + 3 * step
    row = n * T
    place = (row + t, row + (a if a < T else t), row + (b if b < T else t), row + (d if d < T else t))
    c *= lanes
    return n, c, (place[0] * C + c, place[1] * C + c, place[2] * C + c, place[3] * C + c)


@device
def take_rows(a, at, lanes):
    """The quads at four places."""
    return take(a, at[0], lanes), take(a, at[1], lanes), take(a, at[2], lanes), take(a, at[3], lanes)


@device
def put_rows(a, at, v, lanes):
    """The quads v to four places."""
    put(a, at[0], v[0], lanes)
    put(a, at[1], v[1], lanes)
    put(a, at[2], v[2], lanes)
    put(a, at[3], v[3], lanes)


def image_blocks(N, H, W, C):
    """Blocks whose threads have a quad of a pixel in each of APART images (N, H, W, C)."""
    return pixel_blocks(ceil_div(N, APART), H, W, C)


@device
def images_apart(lanes, N, H, W, C):
    """This thread's images, N where it has none, and its row, column and first channel in each.

    What it works out of a place serves for all of them.
    """
    step = (N + APART - 1) // APART
    n, h, w, c = pixel(lanes, H, W, C)
    if n >= step:
        n = N
    return (n, n + step, n + 2 * step, n + 3 * step, N), h, w, c


@device
def _take_image(a, n, N, size, i, lanes):
    return take(a, min(n, N - 1) * size + i, lanes)


@device
def take_images(a, images, size, i, lanes):
    """The quads of place i of four images of that size; those of the last image where there are fewer."""
    N = images[4]
    return (
        _take_image(a, images[0], N, size, i, lanes),
        _take_image(a, images[1], N, size, i, lanes),
        _take_image(a, images[2], N, size, i, lanes),
        _take_image(a, images[3], N, size, i, lanes),
    )


@device
def put_images(a, images, size, i, v, lanes):
    """The quads v to place i of four images of that size, as far as there are so many."""
    for k in range(APART):
        if images[k] < images[APART]:
            put(a, images[k] * size + i, v[k], lanes)


@device
def _add_up(value, shared, place, half, least, result):
    """The sum by halves, in an order that depends on nothing; `place` is the thread's among those it adds with."""
    t = cuda.threadIdx.x
    shared[t] = value
    while half >= least:
        cuda.syncthreads()
        if place < half:
            shared[t] += shared[t + half]
        half >>= 1
    cuda.syncthreads()
    total = shared[result]
    cuda.syncthreads()
    return total


@device
def _add_two_up(a, b, shared, place, half, least, result):
    """Two sums at once; shared has room for two values of each thread."""
    t, second = cuda.threadIdx.x, cuda.blockDim.x
    shared[t], shared[second + t] = a, b
    while half >= least:
        cuda.syncthreads()
        if place < half:
            shared[t] += shared[t + half]
            shared[second + t] += shared[second + t + half]
        half >>= 1
    cuda.syncthreads()
    total, other = shared[result], shared[second + result]
    cuda.syncthreads()
    return total, other


@device
def column_sum(value, shared, width):
    """The sum over a column's threads, for each of them."""
    t = cuda.threadIdx.x
    return _add_up(value, shared, t, cuda.blockDim.x >> 1, width, t & (width - 1))


@device
def column_sums(a, b, shared, width):
    t = cuda.threadIdx.x
    return _add_two_up(a, b, shared, t, cuda.blockDim.x >> 1, width, t & (width - 1))


@device
def row_sum(value, shared, width):
    """The sum over a row's threads, for each of them."""
    t = cuda.threadIdx.x
    place = t & (width - 1)
    return _add_up(value, shared, place, width >> 1, 1, t - place)


@device
def row_sums(a, b, shared, width):
    t = cuda.threadIdx.x
    place = t & (width - 1)
    return _add_two_up(a, b, shared, place, width >> 1, 1, t - place)


def whole_row_blocks(R, C, lanes):
    """Blocks that add up R rows of C: a thread has HELD quads of a row, or more."""
    return ceil_div(R, THREADS // power(ceil_div(C, HELD * lanes), THREADS))


@device
def row_place(lanes, C):
    """This thread's row, its place in it, and the width."""
    width = _power_of_two((C + HELD * lanes - 1) // (HELD * lanes), THREADS)
    row, place = divide(cuda.threadIdx.x, width)
    return cuda.blockIdx.x * divide(THREADS, width)[0] + row, place, width


def column_threads(rows, each=ROUND):
    """Threads of a block that goes down so many rows: `each` for a thread, or more."""
    return max(4 * WIDTH, power(ceil_div(rows * WIDTH, each), MOST))


def strips(C):
    """How many blocks are beside one another on C columns."""
    return ceil_div(C, power(C, WIDTH))


@device
def columns(C):
    """The block's part of the rows; the thread's column and row, how many rows are beside it, and the width."""
    width = _power_of_two(C, WIDTH)
    part, strip = divide(cuda.blockIdx.x, divide(C + width - 1, width)[0])
    row, place = divide(cuda.threadIdx.x, width)
    return part, strip * width + place, row, divide(cuda.blockDim.x, width)[0], width


def _narrowed(width, N, C):
    """Fewer columns of a block where samples are few, so that blocks are more."""
    while width > NARROW and BLOCKS * width > N * C:
        width >>= 1
    return width


_narrower = device(_narrowed)


def sample_blocks(N, C):
    """Blocks that go down the columns of N samples, each of C."""
    return N * ceil_div(C, _narrowed(power(C, WIDTH), N, C))


@device
def channels(N, C):
    """As `columns`, for blocks of one sample each: it is the part."""
    width = _narrower(_power_of_two(C, WIDTH), N, C)
    n, strip = divide(cuda.blockIdx.x, divide(C + width - 1, width)[0])
    row, place = divide(cuda.threadIdx.x, width)
    return n, strip * width + place, row, divide(cuda.blockDim.x, width)[0], width


@device
def rows_of(part, P, R):
    """The first of a part's rows, and the one past the last."""
    length = divide(R + P - 1, P)[0]
    return min(R, part * length), min(R, part * length + length)


@device
def moments(x, C, first, last, place, base, shared):
    """A column's mean over rows first to last - 1, less base, and its sum of squared deviations from the mean.

    place: the thread's column and row, how many rows are beside one another, and the width.
    """
    c, row, rows, width = place
    zero = like(0.0, x)
    end = max(last - 1, 0)
    # In one pass: each thread counts from its own first value. (own - mean)^2 is one of the squares that are to be
    # left, so that of n rows the difference below loses log2(n) bits where own is far from all others, else hardly any
    own = load(x, min(first + row, end) * C + c)
    total = squares = zero
    r = first + row
    while r < last:
        for k in range(ROUND):
            at = r + k * rows
            deviation = load(x, min(at, end) * C + c) - own
            deviation = deviation if at < last else zero
            total += deviation
            squares += deviation * deviation
        r += ROUND * rows
    n = like(divide(last - first - row + rows - 1, rows)[0], x)
    share = total / n if n > zero else zero
    centre = (own - base) + share if n > zero else zero
    # and all together as parts of a batch
    mean = column_sum(n * centre, shared, width) / like(max(1, last - first), x)
    difference = centre - mean
    return mean, column_sum((squares - total * share) + n * difference * difference, shared, width)


@device
def products(dy, x, C, first, last, place, centre, shared):
    """The sums over a column's rows first to last - 1 of dy (x - centre), and of dy."""
    c, row, rows, width = place
    zero = like(0.0, x)
    total = sums = zero
    r = first + row
    while r < last:
        for k in range(ROUND):
            at = r + k * rows
            i = min(at, last - 1) * C + c
            g = load(dy, i)
            product = g * (load(x, i) - centre)
            total += product if at < last else zero
            sums += g if at < last else zero
        r += ROUND * rows
    return column_sums(total, sums, shared, width)
