"""The equations of numbanet.kernels.gru as loops."""

from .._gates import slope, value
from .._kernel import kernel


@kernel()
def forward(x, w, u, b, mask, keep, setting, z, v, h):
    N, T, I = x.shape
    H = u.shape[0]
    back, _, tau, sigma = setting
    for n in range(N):
        for step in range(T):
            s = T - 1 - step if back else step
            p, q = s + back, s + 1 - back
            if mask[n, s] == 0.0:
                # F8
                for j in range(H):
                    h[n, q, j] = h[n, p, j]
                continue
            for o in range(3 * H):
                total = b[0, o]
                for i in range(I):
                    total += x[n, s, i] * w[i, o]
                recurrent = b[1, o]
                for j in range(H):
                    kept = h[n, p, j] * keep[n, j] if keep.size else h[n, p, j]
                    recurrent += kept * u[j, o]
                if o < 2 * H:
                    # F1
                    z[n, s, o] = value(sigma, total + recurrent)
                else:
                    # F2
                    v[n, s, o - 2 * H] = recurrent
                    # F3
                    z[n, s, o] = value(tau, total + z[n, s, o - H] * recurrent)
            for j in range(H):
                g, c = z[n, s, j], z[n, s, 2 * H + j]
                # F7
                h[n, q, j] = g * h[n, p, j] + (1.0 - g) * c


@kernel()
def forward_reset_before(x, w, u, b, mask, keep, setting, z, v, h):
    N, T, I = x.shape
    H = u.shape[0]
    back, _, tau, sigma = setting
    for n in range(N):
        for step in range(T):
            s = T - 1 - step if back else step
            p, q = s + back, s + 1 - back
            if mask[n, s] == 0.0:
                # F8
                for j in range(H):
                    h[n, q, j] = h[n, p, j]
                continue
            for o in range(2 * H):
                # F4
                total = b[o]
                for i in range(I):
                    total += x[n, s, i] * w[i, o]
                for j in range(H):
                    kept = h[n, p, j] * keep[n, j] if keep.size else h[n, p, j]
                    total += kept * u[j, o]
                z[n, s, o] = value(sigma, total)
            for j in range(H):
                # F5
                kept = h[n, p, j] * keep[n, j] if keep.size else h[n, p, j]
                v[n, s, j] = z[n, s, H + j] * kept
            for o in range(2 * H, 3 * H):
                # F6
                total = b[o]
                for i in range(I):
                    total += x[n, s, i] * w[i, o]
                for j in range(H):
                    total += v[n, s, j] * u[j, o]
                z[n, s, o] = value(tau, total)
            for j in range(H):
                g, c = z[n, s, j], z[n, s, 2 * H + j]
                # F7
                h[n, q, j] = g * h[n, p, j] + (1.0 - g) * c


@kernel()
def backward(dh, u, mask, keep, setting, z, v, h, dz, dh0):
    N, T = mask.shape
    H = u.shape[0]
    back, cut, tau, sigma = setting
    for n in range(N):
        for j in range(H):
            dh0[n, j] = 0.0
        for step in range(T):
            s = step if back else T - 1 - step
            p = s + back
            if dh.shape[1] == T or step == 0:
                for j in range(H):
                    # B1
                    dh0[n, j] += dh[n, min(s, dh.shape[1] - 1), j]
            if mask[n, s] == 0.0:
                # B7
                for o in range(3 * H):
                    dz[0, n, s, o] = 0.0
                    dz[1, n, s, o] = 0.0
            for j in range(H if mask[n, s] != 0.0 else 0):
                g, r, c = z[n, s, j], z[n, s, H + j], z[n, s, 2 * H + j]
                a = dh0[n, j]
                # B2
                d = a * (1.0 - g) * slope(tau, c)
                dz[0, n, s, j] = a * (h[n, p, j] - c) * slope(sigma, g)
                dz[0, n, s, H + j] = d * v[n, s, j] * slope(sigma, r)
                dz[0, n, s, 2 * H + j] = d
                # B3
                dz[1, n, s, j] = dz[0, n, s, j]
                dz[1, n, s, H + j] = dz[0, n, s, H + j]
                dz[1, n, s, 2 * H + j] = d * r
                # B4
                dh0[n, j] = a * g
            for j in range(H if mask[n, s] != 0.0 else 0):
                total = 0.0
                for o in range(3 * H):
                    total += dz[1, n, s, o] * u[j, o]
                dh0[n, j] += total * keep[n, j] if keep.size else total
            if cut and (T - 1 - step) % cut == 0:
                # B8
                for j in range(H):
                    dh0[n, j] = 0.0


@kernel()
def backward_reset_before(dh, u, mask, keep, setting, z, h, dz, dh0):
    N, T = mask.shape
    H = u.shape[0]
    back, cut, tau, sigma = setting
    for n in range(N):
        for j in range(H):
            dh0[n, j] = 0.0
        for step in range(T):
            s = step if back else T - 1 - step
            p = s + back
            if dh.shape[1] == T or step == 0:
                for j in range(H):
                    # B1
                    dh0[n, j] += dh[n, min(s, dh.shape[1] - 1), j]
            if mask[n, s] == 0.0:
                # B7
                for o in range(3 * H):
                    dz[n, s, o] = 0.0
            for j in range(H if mask[n, s] != 0.0 else 0):
                g, c = z[n, s, j], z[n, s, 2 * H + j]
                a = dh0[n, j]
                # B5
                dz[n, s, j] = a * (h[n, p, j] - c) * slope(sigma, g)
                dz[n, s, 2 * H + j] = a * (1.0 - g) * slope(tau, c)
                # B6
                dh0[n, j] = a * g
            for j in range(H if mask[n, s] != 0.0 else 0):
                r = z[n, s, H + j]
                # B5
                e = 0.0
                for o in range(2 * H, 3 * H):
                    e += dz[n, s, o] * u[j, o]
                if keep.size:
                    e *= keep[n, j]
                dz[n, s, H + j] = e * h[n, p, j] * slope(sigma, r)
                # B6
                dh0[n, j] += e * r
            for j in range(H if mask[n, s] != 0.0 else 0):
                total = 0.0
                for o in range(2 * H):
                    total += dz[n, s, o] * u[j, o]
                dh0[n, j] += total * keep[n, j] if keep.size else total
            if cut and (T - 1 - step) % cut == 0:
                # B8
                for j in range(H):
                    dh0[n, j] = 0.0
