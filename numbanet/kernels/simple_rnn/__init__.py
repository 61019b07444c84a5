"""A simple recurrent layer: every step's output is an activation of its input and of the step before's output.

Shapes: x (N, T, I), w (I, H), u (H, H), b (H), mask (N, T), keep (N, H) or (N, 0), h (N, T + 1, H), dh and dz
(N, T, H), dh0 (N, H); N samples, T steps, I input features, H units. Without elements keep is left out. dh may be
(N, 1, H), which says that all but the last state have none.
back: 0, or 1 to go through time backwards. cut: 0, or the steps of a piece, beyond whose beginning no gradient flows
(truncated backpropagation). tau: the number of the activation, as numbanet.kernels._gates.NAMES counts them; tanh
is usual.

All arrays are in the order of the input's time. Step s lies between the states at s and s + 1, of which p = s + back
is the one before it and q = s + 1 - back the one after it. h[:, 0], or h[:, T] where time goes backwards, holds the
initial state. For each step s in the order of time:

Forward, where mask[n, s] is not 0:
    F1: h[n, q] = tau(b + x[n, s] w + (h[n, p] keep[n]) u)
where it is 0, the step is left out:
    F2: h[n, q] = h[n, p]

Backward, from dh[n, s] = dL/dh[n, q] as far as it does not come through later steps. In the opposite order of time,
with a the gradient of h[n, q] that later steps handed back, and zeros before the first:
    B1: a = a + dh[n, s]
where mask[n, s] is not 0, with dz[n, s] the gradient of what tau is taken of:
    B2: dz[n, s] = a tau'(h[n, q])
    B3: a = (dz[n, s] u^T) keep[n]
where it is 0:
    B4: dz[n, s] = 0; a is handed on
and, where cut is not 0 and a multiple of cut steps came before s in the order of time:
    B5: a = 0
After the last step dh0 = a. The derivative is a function of the activation's value, so nothing but h is kept. What
remains are sums over all steps: dw and du by numbanet.kernels.time_sum from dz, with x and with h, keep and the shift
back; db and dx = dz w^T by numbanet.kernels.dense.

Saved: h.

Source: Elman, Finding structure in time, Cognitive Science 14 (1990). B1 to B4 are the chain rule over F1 and
F2; B5: Williams and Peng, An efficient gradient-based algorithm for on-line training of recurrent network
trajectories, Neural Computation 2 (1990).
"""
