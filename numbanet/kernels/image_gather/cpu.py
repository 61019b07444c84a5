"""numbanet.kernels.image_gather: forward a task has rows of the output, backward samples, to which it adds in order."""

from .._jit import inline, like
from .._kernel import kernel
from .._rows import row_block, row_blocks
from .._tile import flat


def _forward_tasks(x, rows, columns, fill_value, y):
    N, P, Q, C = y.shape
    return row_blocks(N * P, Q * C)


def _backward_tasks(dy, rows, columns, dx):
    N, H, W, C = dx.shape
    return row_blocks(N, H * W * C)


@inline
def _take(row, columns, C, fill, out):
    """A row of the output from a row of the input."""
    for q in range(columns.size):
        j = int(columns[q])
        for c in range(C):
            # F1: column 0 is read in the place of none, so that nothing branches
            value = row[max(j, 0) * C + c]
            out[q * C + c] = value if j >= 0 else fill


@kernel(tasks=_forward_tasks)
def forward(task, x, rows, columns, fill_value, y):
    N, H, W, C = x.shape
    P, Q = y.shape[1], y.shape[2]
    xs, ys, fill = flat(x), flat(y), like(fill_value, x)
    first, last = row_block(task, N * P, Q * C)
    for r in range(first, last):
        n, p = r // P, r % P
        i, out = int(rows[n, p]), ys[r * Q * C : (r + 1) * Q * C]
        if i >= 0:
            row = xs[(n * H + i) * W * C : (n * H + i + 1) * W * C]
            if C == 1:
                _take(row, columns[n], 1, fill, out)
            else:
                _take(row, columns[n], C, fill, out)
        else:
            # F1
            for k in range(out.size):
                out[k] = fill


@kernel(tasks=_backward_tasks)
def backward(task, dy, rows, columns, dx):
    N, H, W, C = dx.shape
    P, Q = dy.shape[1], dy.shape[2]
    dys, dxs, zero = flat(dy), flat(dx), like(0.0, dx)
    first, last = row_block(task, N, H * W * C)
    for n in range(first, last):
        for k in range(n * H * W * C, (n + 1) * H * W * C):
            dxs[k] = zero
        for p in range(P):
            i = int(rows[n, p])
            if i >= 0:
                row = dxs[(n * H + i) * W * C : (n * H + i + 1) * W * C]
                given = dys[(n * P + p) * Q * C : (n * P + p + 1) * Q * C]
                for q in range(Q):
                    j = int(columns[n, q])
                    if j >= 0:
                        for c in range(C):
                            # B1
                            row[j * C + c] += given[q * C + c]
