"""numbanet.kernels.dense: a block of threads for each tile of the result, and for each slice of what is summed over."""

from numba import cuda, int32

from .._cuda import ceil_div, device, like, load, opaque, store
from .._cuda_gemm import (
    HELD,
    PART,
    SMS,
    SUMS,
    add_to_columns,
    blocks_of,
    clear,
    four,
    is_wide,
    loads,
    multiply,
    own_place,
    place_of,
    plan_of,
    put,
    slice_of,
    spot,
    sum_of_slices,
    threads_of,
    tile_of,
    write,
)
from .._cuda_kernel import THREADS, kernel

# Behind a tile a plan has: whether the depth lies along a row of A, and of B; whether A, B and C have rows for 128-bit
# accesses; whether the depth is sliced.
A_ALONG, B_ALONG, A_WIDE, B_WIDE, C_WIDE, SLICED = range(5, 11)
FEW_ROWS = 64  # of dy that a thread of backward_bias adds up, at least


class Product:
    """How C = A B is launched, for a kernel whose arguments begin with two matrices, and end with C."""

    def __init__(self, a, b, depth, along, choose=plan_of, kind=None):
        # which arguments A and B are, which axis of A is the depth, and whether the depth lies along the rows of each;
        # what chooses the tile; and what, if anything, says how numbers are rounded: the end of the plan
        self.a, self.b, self.depth, self.along, self.choose, self.kind = a, b, depth, along, choose, kind

    def _choice(self, *arguments):
        sizes = (*arguments[-1].shape, arguments[self.a].shape[self.depth])
        return self.choose(*sizes, arguments[0].dtype.itemsize)

    def plan(self, *arguments):
        tile, slices = self._choice(*arguments)
        C = arguments[-1]
        wide = is_wide(C) if slices == 1 else C.shape[1] % 4 == 0
        kinds = (self.kind(arguments[0]),) if self.kind else ()
        a, b = arguments[self.a], arguments[self.b]
        return *tile, *self.along, is_wide(a), is_wide(b), wide, slices > 1, *kinds

    def threads(self, *arguments):
        return threads_of(self._choice(*arguments)[0])

    def grid(self, *arguments):
        tile, slices = self._choice(*arguments)
        return blocks_of(tile, *arguments[-1].shape, slices)

    def scratch(self, *arguments):
        slices = self._choice(*arguments)[1]
        return slices * arguments[-1].size if slices > 1 else 1

    def adding(self, *arguments):
        """The grid of the kernel behind."""
        return ceil_div(arguments[-1].size, THREADS) if self._choice(*arguments)[1] > 1 else 0

    def kernel(self, add):
        return kernel(
            grid=self.grid,
            threads=self.threads,
            occupancy=2,
            plan=self.plan,
            scratch=self.scratch,
            after=[kernel(grid=self.adding)(add)],
        )


@device
def _fetch(plan, extent, along, wide, a, i0, k0, held):
    """Load a thread's share of a part; i0 is where the tile begins in A's rows or B's columns."""
    for v in range(loads(plan, extent)):
        row, column = spot(plan, extent, along, v)
        if along:
            row, column = int32(row + i0), int32(column + k0)
        else:
            row, column = int32(row + k0), int32(column + i0)
        x, y, z, w = four(a, row, column, wide)
        held[4 * v], held[4 * v + 1], held[4 * v + 2], held[4 * v + 3] = x, y, z, w


@device
def _product(plan, a, b, C, K, left, right, sums):
    """The thread's sums of A B, and their first row and column in C."""
    held_a = cuda.local.array(HELD, a.dtype)
    held_b = cuda.local.array(HELD, b.dtype)
    rows, columns, depth = plan[0], plan[1], plan[2]
    i0, j0 = tile_of(plan, C.shape[1])
    i, j = own_place(plan)
    first, last = slice_of(plan, K)
    clear(sums)
    _fetch(plan, rows, plan[A_ALONG], plan[A_WIDE], a, i0, first, held_a)
    _fetch(plan, columns, plan[B_ALONG], plan[B_WIDE], b, j0, first, held_b)
    put(plan, rows, plan[A_ALONG], held_a, int32(last - first), left, 0)
    put(plan, columns, plan[B_ALONG], held_b, int32(last - first), right, 0)
    cuda.syncthreads()
    buffer = int32(0)
    k0 = first
    while k0 < last:
        k0 = int32(k0 + depth)
        if k0 < last:
            _fetch(plan, rows, plan[A_ALONG], plan[A_WIDE], a, i0, k0, held_a)
            _fetch(plan, columns, plan[B_ALONG], plan[B_WIDE], b, j0, k0, held_b)
        multiply(plan, left, right, buffer, i, j, sums)
        buffer = int32(1 - buffer)
        if k0 < last:
            put(plan, rows, plan[A_ALONG], held_a, int32(last - k0), left, buffer)
            put(plan, columns, plan[B_ALONG], held_b, int32(last - k0), right, buffer)
        cuda.syncthreads()
    i, j = place_of(plan, opaque(cuda.threadIdx.x))  # again, as the loop has no registers to keep it in
    return int32(i0 + i), int32(j0 + j)


@device
def _write(plan, sums, i, j, C, part):
    """To C, or to its slice of the scratch memory."""
    M, N = int32(C.shape[0]), int32(C.shape[1])
    if plan[SLICED]:
        write(plan, sums, i, j, part, cuda.blockIdx.y * M * N, M, N, plan[C_WIDE])
    else:
        write(plan, sums, i, j, C, 0, M, N, plan[C_WIDE])


def add(a, b, C, part):
    i = cuda.grid(1)
    if i < C.size:
        store(C, i, sum_of_slices(part, part.size // C.size, C.size, i))


def add_with_bias(x, w, b, y, part):
    i = cuda.grid(1)
    if i < y.size:
        # F1
        store(y, i, sum_of_slices(part, part.size // y.size, y.size, i) + load(b, i % y.shape[1]))


@Product(0, 1, 1, (True, False)).kernel(add_with_bias)
def forward(plan, x, w, b, y, part):
    left = cuda.shared.array(PART, x.dtype, alignment=16)
    right = cuda.shared.array(PART, x.dtype, alignment=16)
    sums = cuda.local.array(SUMS, x.dtype)
    # F1
    i, j = _product(plan, x, w, y, w.shape[0], left, right, sums)
    if not plan[SLICED]:
        add_to_columns(plan, b, j, sums)
    _write(plan, sums, i, j, y, part)


@Product(0, 1, 1, (True, False)).kernel(add)
def forward_without_bias(plan, x, w, y, part):
    left = cuda.shared.array(PART, x.dtype, alignment=16)
    right = cuda.shared.array(PART, x.dtype, alignment=16)
    sums = cuda.local.array(SUMS, x.dtype)
    # F1 with b = 0
    i, j = _product(plan, x, w, y, w.shape[0], left, right, sums)
    _write(plan, sums, i, j, y, part)


@Product(0, 1, 1, (True, True)).kernel(add)
def backward_input(plan, dy, w, dx, part):
    left = cuda.shared.array(PART, dy.dtype, alignment=16)
    right = cuda.shared.array(PART, dy.dtype, alignment=16)
    sums = cuda.local.array(SUMS, dy.dtype)
    # B1: w is read as its transpose
    i, j = _product(plan, dy, w, dx, w.shape[1], left, right, sums)
    _write(plan, sums, i, j, dx, part)


@Product(1, 0, 0, (False, False)).kernel(add)
def backward_kernel(plan, dy, x, dw, part):
    left = cuda.shared.array(PART, dy.dtype, alignment=16)
    right = cuda.shared.array(PART, dy.dtype, alignment=16)
    sums = cuda.local.array(SUMS, dy.dtype)
    # B2: x is read as its transpose
    i, j = _product(plan, x, dy, dw, x.shape[0], left, right, sums)
    _write(plan, sums, i, j, dw, part)


def _columns(dy, db):
    """The columns that a block of backward_bias adds up, side by side: a power of two."""
    return (min(32, 1 << (db.size - 1).bit_length()),)


def _slices(dy, db):
    """Into how many slices backward_bias cuts the rows: so that memory is kept busy, and threads too."""
    across, lanes = ceil_div(db.size, _columns(dy, db)[0]), THREADS // _columns(dy, db)[0]
    return max(1, min(ceil_div(len(dy), lanes * FEW_ROWS), ceil_div(8 * SMS, across)))


@device
def _sum_rows(columns, a, rows, O, first, slices, shared):
    """Sums of a block's columns of a (rows, O), into `shared` from 0 on.

    A row of its threads takes row `first` and every one a step of all slices' threads further, four at a time.
    """
    t, lanes = cuda.threadIdx.x, THREADS // columns
    o, n, step = cuda.blockIdx.x * columns + t % columns, first * lanes + t // columns, lanes * slices
    total = like(0.0, a)
    if o < O:
        while n + 3 * step < rows:
            x, y = load(a, n * O + o), load(a, (n + step) * O + o)
            z, w = load(a, (n + 2 * step) * O + o), load(a, (n + 3 * step) * O + o)
            total += (x + y) + (z + w)
            n += 4 * step
        while n < rows:
            total += load(a, n * O + o)
            n += step
    shared[t] = total
    half = THREADS >> 1
    while half >= columns:
        cuda.syncthreads()
        if t < half:
            shared[t] += shared[t + half]
        half >>= 1


def _add_bias(plan, dy, db, part):
    shared = cuda.shared.array(THREADS, dy.dtype)
    O, t = db.size, cuda.threadIdx.x
    _sum_rows(plan[0], part, part.size // O, O, 0, 1, shared)
    o = cuda.blockIdx.x * plan[0] + t
    if t < plan[0] and o < O:
        db[o] = shared[t]


@kernel(
    grid=lambda dy, db: (ceil_div(db.size, _columns(dy, db)[0]), _slices(dy, db)),
    plan=_columns,
    scratch=lambda dy, db: _slices(dy, db) * db.size,
    after=[
        kernel(
            grid=lambda dy, db: ceil_div(db.size, _columns(dy, db)[0]) if _slices(dy, db) > 1 else 0,
            plan=_columns,
        )(_add_bias)
    ],
)
def backward_bias(plan, dy, db, part):
    shared = cuda.shared.array(THREADS, dy.dtype)
    N, O = dy.shape
    t, slices = cuda.threadIdx.x, cuda.gridDim.y
    # B3
    _sum_rows(plan[0], dy, N, O, cuda.blockIdx.y, slices, shared)
    o = cuda.blockIdx.x * plan[0] + t
    if t < plan[0] and o < O:
        if slices == 1:
            db[o] = shared[t]
        else:
            store(part, cuda.blockIdx.y * O + o, shared[t])
