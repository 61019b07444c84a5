"""The equations of numbanet.kernels.simple_rnn as loops."""

from .._gates import slope, value
from .._kernel import kernel


@kernel()
def forward(x, w, u, b, mask, keep, setting, h):
    N, T, I = x.shape
    H = u.shape[0]
    back, _, tau = setting
    for n in range(N):
        for step in range(T):
            s = T - 1 - step if back else step
            p, q = s + back, s + 1 - back
            for o in range(H):
                if mask[n, s] == 0.0:
                    # F2
                    h[n, q, o] = h[n, p, o]
                    continue
                # F1
                total = b[o]
                for i in range(I):
                    total += x[n, s, i] * w[i, o]
                for j in range(H):
                    kept = h[n, p, j] * keep[n, j] if keep.size else h[n, p, j]
                    total += kept * u[j, o]
                h[n, q, o] = value(tau, total)


@kernel()
def backward(dh, u, mask, keep, setting, h, dz, dh0):
    N, T = mask.shape
    H = u.shape[0]
    back, cut, tau = setting
    for n in range(N):
        for j in range(H):
            dh0[n, j] = 0.0
        for step in range(T):
            s = step if back else T - 1 - step
            q = s + 1 - back
            if dh.shape[1] == T or step == 0:
                for j in range(H):
                    # B1
                    dh0[n, j] += dh[n, min(s, dh.shape[1] - 1), j]
            for j in range(H):
                # B2, B4
                dz[n, s, j] = 0.0 if mask[n, s] == 0.0 else dh0[n, j] * slope(tau, h[n, q, j])
            for j in range(H if mask[n, s] != 0.0 else 0):
                # B3
                total = 0.0
                for o in range(H):
                    total += dz[n, s, o] * u[j, o]
                dh0[n, j] = total * keep[n, j] if keep.size else total
            if cut and (T - 1 - step) % cut == 0:
                # B5
                for j in range(H):
                    dh0[n, j] = 0.0
