"""The equations of numbanet.kernels.time_sum as loops."""

from .._kernel import kernel


@kernel()
def backward_kernel(dz, a, mask, keep, shift, columns, dw):
    N, T = mask.shape
    I = a.shape[2]
    for i in range(I):
        for o in range(columns[0], columns[1]):
            # B1
            total = 0.0
            for n in range(N):
                for s in range(T):
                    if mask[n, s] != 0.0:
                        kept = a[n, s + shift, i] * keep[n, i] if keep.size else a[n, s + shift, i]
                        total += kept * dz[n, s, o]
            dw[i, o] = total


@kernel()
def backward_bias(dz, mask, db):
    N, T, O = dz.shape
    for o in range(O):
        # B2
        total = 0.0
        for n in range(N):
            for s in range(T):
                if mask[n, s] != 0.0:
                    total += dz[n, s, o]
        db[o] = total
