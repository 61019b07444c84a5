"""The equations of numbanet.kernels.lstm as loops."""

from .._gates import slope, value
from .._kernel import kernel


@kernel()
def forward(x, w, u, b, mask, keep, setting, z, c, h):
    N, T, I = x.shape
    H = u.shape[0]
    back, _, tau, sigma = setting
    for n in range(N):
        for step in range(T):
            s = T - 1 - step if back else step
            p, q = s + back, s + 1 - back
            if mask[n, s] == 0.0:
                # F5
                for j in range(H):
                    h[n, q, j] = h[n, p, j]
                    c[n, q, j] = c[n, p, j]
                continue
            for o in range(4 * H):
                # F1
                total = b[o]
                for i in range(I):
                    total += x[n, s, i] * w[i, o]
                for j in range(H):
                    kept = h[n, p, j] * keep[n, j] if keep.size else h[n, p, j]
                    total += kept * u[j, o]
                # F2
                z[n, s, o] = value(tau if o // H == 2 else sigma, total)
            for j in range(H):
                i, f, g, o = z[n, s, j], z[n, s, H + j], z[n, s, 2 * H + j], z[n, s, 3 * H + j]
                # F3
                c[n, q, j] = f * c[n, p, j] + i * g
                # F4
                h[n, q, j] = o * value(tau, c[n, q, j])


@kernel()
def backward(dh, u, mask, keep, setting, z, c, dz, dh0, dc0):
    N, T = mask.shape
    H = u.shape[0]
    back, cut, tau, sigma = setting
    for n in range(N):
        for j in range(H):
            dh0[n, j] = 0.0
            dc0[n, j] = 0.0
        for step in range(T):
            s = step if back else T - 1 - step
            p, q = s + back, s + 1 - back
            if dh.shape[1] == T or step == 0:
                for j in range(H):
                    # B1
                    dh0[n, j] += dh[n, min(s, dh.shape[1] - 1), j]
            if mask[n, s] == 0.0:
                # B5
                for o in range(4 * H):
                    dz[n, s, o] = 0.0
            for j in range(H if mask[n, s] != 0.0 else 0):
                i, f, g, o = z[n, s, j], z[n, s, H + j], z[n, s, 2 * H + j], z[n, s, 3 * H + j]
                t = value(tau, c[n, q, j])
                # B2
                a = dh0[n, j]
                e = dc0[n, j] + a * o * slope(tau, t)
                # B3
                dz[n, s, j] = e * g * slope(sigma, i)
                dz[n, s, H + j] = e * c[n, p, j] * slope(sigma, f)
                dz[n, s, 2 * H + j] = e * i * slope(tau, g)
                dz[n, s, 3 * H + j] = a * t * slope(sigma, o)
                # B4
                dc0[n, j] = e * f
            for j in range(H if mask[n, s] != 0.0 else 0):
                total = 0.0
                for o in range(4 * H):
                    total += dz[n, s, o] * u[j, o]
                dh0[n, j] = total * keep[n, j] if keep.size else total
            if cut and (T - 1 - step) % cut == 0:
                # B6
                for j in range(H):
                    dh0[n, j] = 0.0
                    dc0[n, j] = 0.0
