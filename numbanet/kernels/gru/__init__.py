"""Gated recurrent unit: a recurrent layer whose state is carried on or replaced by a candidate, as a gate decides.

Shapes: x (N, T, I), w (I, 3H), u (H, 3H), b (2, 3H), mask (N, T), keep (N, H) or (N, 0), z (N, T, 3H), v and dh
(N, T, H), h (N, T + 1, H), dz (2, N, T, 3H), dh0 (N, H); N samples, T steps, I input features, H units. Without
elements keep is left out. dh may be (N, 1, H), which says that all but the last state have none. The three parts of 3H
are, in this order, the update gate g, the reset gate r and the candidate c; u_c are the columns of u for c, and u_gr
those for g and r.
back: 0, or 1 to go through time backwards. cut: 0, or the steps of a piece, beyond whose beginning no gradient flows
(truncated backpropagation). tau and sigma: the numbers of the activation and of the recurrent activation, as
numbanet.kernels._gates.NAMES counts them; tanh and sigmoid are usual.

The reset gate acts after the product with u_c in forward and backward, and before it in forward_reset_before and
backward_reset_before, where b is (3H) and dz (N, T, 3H). In the former the weights have biases and gradients of their
own: b[0] and dz[0] on the side of w, b[1] and dz[1] on that of u.

All arrays are in the order of the input's time. Step s lies between the states at s and s + 1, of which p = s + back
is the one before it and q = s + 1 - back the one after it. h[:, 0], or h[:, T] where time goes backwards, holds the
initial state. With (g, r, c) = z[n, s], for each step s in the order of time:

Forward, where mask[n, s] is not 0, the reset gate after the product:
    F1: (g, r) = sigma of their parts of b[0] + x[n, s] w + b[1] + (h[n, p] keep[n]) u
    F2: v[n, s] = c's part of b[1] + (h[n, p] keep[n]) u
    F3: c = tau(its part of b[0] + x[n, s] w + r v[n, s])
the reset gate before it:
    F4: (g, r) = sigma of their parts of b + x[n, s] w + (h[n, p] keep[n]) u
    F5: v[n, s] = r h[n, p] keep[n]
    F6: c = tau(its part of b + x[n, s] w + v[n, s] u_c)
and either way:
    F7: h[n, q] = g h[n, p] + (1 - g) c
where it is 0, the step is left out:
    F8: h[n, q] = h[n, p], and z[n, s] and v[n, s] are not written

Backward, from dh[n, s] = dL/dh[n, q] as far as it does not come through later steps. In the opposite order of time,
with a the gradient of h[n, q] that later steps handed back, and zeros before the first:
    B1: a = a + dh[n, s]
where mask[n, s] is not 0, the reset gate after the product:
    B2: dz[0, n, s] = (a (h[n, p] - c) sigma'(g), d v[n, s] sigma'(r), d), d = a (1 - g) tau'(c)
    B3: dz[1, n, s] = dz[0, n, s], its part for c times r
    B4: a = a g + (dz[1, n, s] u^T) keep[n]
the reset gate before it:
    B5: dz[n, s] = (a (h[n, p] - c) sigma'(g), e h[n, p] sigma'(r), d), d = a (1 - g) tau'(c), e = (d u_c^T) keep[n]
    B6: a = a g + e r + (dz[n, s]'s parts for g and r times u_gr^T) keep[n]
where it is 0:
    B7: dz of the step = 0; a is handed on
and, where cut is not 0 and a multiple of cut steps came before s in the order of time:
    B8: a = 0
After the last step dh0 = a. The derivatives are functions of the activations' values, so nothing but z and v is kept
of them. What remains are sums over all steps: dw by numbanet.kernels.time_sum from dz[0] with x; du from dz[1] with h,
keep and the shift back; db[0], db[1] and dx = dz[0] w^T by numbanet.kernels.dense. With the reset gate before the
product dz stands for dz[0] and dz[1], and the gradient of the columns u_c is from v instead, without keep or shift.

Saved: z, v and h. In backward_reset_before, which needs no v, dz may be the array z.

Source: Cho et al., Learning phrase representations using RNN encoder-decoder for statistical machine translation,
EMNLP (2014), whose reset gate acts before the product; after it, with two biases, as in cuDNN's CUDNN_GRU and in
Keras, with reset_after=True. The order of the parts is that of Keras. B1 to B7 are the chain rule over F1 to F8;
B8: Williams and Peng, An efficient gradient-based algorithm for on-line training of recurrent network trajectories,
Neural Computation 2 (1990).
"""
