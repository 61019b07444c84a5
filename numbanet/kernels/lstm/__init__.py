"""Long short-term memory: a recurrent layer whose cell state is changed by gates, and else carried on unchanged.

Shapes: x (N, T, I), w (I, 4H), u (H, 4H), b (4H), mask (N, T), keep (N, H) or (N, 0), z and dz (N, T, 4H), c and h
(N, T + 1, H), dh (N, T, H), dh0 and dc0 (N, H); N samples, T steps, I input features, H units. Without elements keep
is left out. dh may be (N, 1, H), which says that all but the last state have none. The four parts of 4H are, in this
order, the input gate i, the forget gate f, the candidate g and the output gate o.
setting = (back, cut, tau, sigma). back: 0, or 1 to go through time backwards. cut: 0, or the steps of a piece, beyond
whose beginning no gradient flows (truncated backpropagation). tau and sigma: the numbers of the activation and of the
recurrent activation in numbanet.kernels._gates.NAMES; tanh and sigmoid are usual.

All arrays are in the order of the input's time. Step s lies between the states at s and s + 1, of which p = s + back
is the one before it and q = s + 1 - back the one after it. h[:, 0] and c[:, 0], or h[:, T] and c[:, T] where time goes
backwards, hold the initial state. With (i, f, g, o) = z[n, s] after F2, for each step s in the order of time:

Forward, where mask[n, s] is not 0:
    F1: z[n, s] = b + x[n, s] w + (h[n, p] keep[n]) u
    F2: i, f, o = sigma of their parts of z, g = tau of its part, which take their places
    F3: c[n, q] = f c[n, p] + i g
    F4: h[n, q] = o tau(c[n, q])
where it is 0, the step is left out:
    F5: h[n, q] = h[n, p], c[n, q] = c[n, p], and z[n, s] is not written

Backward, from dh[n, s] = dL/dh[n, q] as far as it does not come through later steps. In the opposite order of time,
with a and e the gradients of h[n, q] and c[n, q] that later steps handed back, and zeros before the first:
    B1: a = a + dh[n, s]
where mask[n, s] is not 0:
    B2: e = e + a o tau'(c[n, q])
    B3: dz[n, s] = (e g sigma'(i), e c[n, p] sigma'(f), e i tau'(g), a tau(c[n, q]) sigma'(o))
    B4: e = e f, a = (dz[n, s] u^T) keep[n]
where it is 0:
    B5: dz[n, s] = 0; a and e are handed on
and, where cut is not 0 and a multiple of cut steps came before s in the order of time:
    B6: a = e = 0
After the last step dh0 = a and dc0 = e. The derivatives are functions of the activations' values, so nothing but z is
kept of them. What remains are sums over all steps: dw and du by numbanet.kernels.time_sum from dz, with x and with h,
keep and the shift back; db from dz alone; dx = dz w^T by numbanet.kernels.dense.

Saved: z, c and h. dz may be the array z.

Source: Hochreiter and Schmidhuber, Long short-term memory, Neural Computation 9 (1997); the forget gate from Gers,
Schmidhuber and Cummins, Learning to forget, Neural Computation 12 (2000). B1 to B5 are the chain rule over F1 to F5;
B6 is the truncation of Williams and Peng, An efficient gradient-based algorithm for on-line training of recurrent
network trajectories, Neural Computation 2 (1990).
"""
