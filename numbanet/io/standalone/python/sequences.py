"""Operations on sequences (N, T, C): recurrent layers, masks, slices; and arrays that become one."""

import numpy as np

from .activations import sigmoid, tanh


def states(x, H, start, back):
    """Room for T + 1 states, and for the steps in the order of time: the step, and where the states round it are"""
    N, T, _ = x.shape
    h = np.zeros((N, T + 1, H), x.dtype)
    if start is not None:
        h[:, T if back else 0] = start
    steps = range(T - 1, -1, -1) if back else range(T)
    return h, [(s, s + back, s + 1 - back) for s in steps]


def kept(mask, s, new, old):
    """The new states; where the mask of step s is 0, the old ones"""
    return new if mask is None else np.where(mask[:, s, None] == 0, old, new)


def simple_rnn(x, w, u, b=None, mask=None, h0=None, back=0, tau=tanh):
    """numbanet.kernels.simple_rnn, F1 and F2: h[q] = tau(b + x[s] w + h[p] u), all states (N, T + 1, H)"""
    z = x @ w if b is None else x @ w + b
    h, steps = states(x, len(u), h0, back)
    for s, p, q in steps:
        h[:, q] = kept(mask, s, tau(z[:, s] + h[:, p] @ u), h[:, p])
    return h


def lstm(x, w, u, b=None, mask=None, c0=None, h0=None, back=0, tau=tanh, sigma=sigmoid):
    """numbanet.kernels.lstm, F1 to F5: the cell and hidden states, each (N, T + 1, H)"""
    H = len(u)
    z = x @ w if b is None else x @ w + b
    c, _ = states(x, H, c0, back)
    h, steps = states(x, H, h0, back)
    for s, p, q in steps:
        a = z[:, s] + h[:, p] @ u  # F1
        i, f, g, o = sigma(a[:, :H]), sigma(a[:, H : 2 * H]), tau(a[:, 2 * H : 3 * H]), sigma(a[:, 3 * H :])  # F2
        cell = f * c[:, p] + i * g  # F3
        c[:, q] = kept(mask, s, cell, c[:, p])
        h[:, q] = kept(mask, s, o * tau(cell), h[:, p])  # F4, F5
    return c, h


def gru(x, w, u, b=None, mask=None, h0=None, back=0, tau=tanh, sigma=sigmoid):
    """numbanet.kernels.gru, F1 to F3, F7 and F8, the reset gate after the product: all states (N, T + 1, H)"""
    H = len(u)
    z, b1 = (x @ w, 0) if b is None else (x @ w + b[0], b[1])
    h, steps = states(x, H, h0, back)
    for s, p, q in steps:
        a, v = z[:, s], h[:, p] @ u + b1
        g, r = sigma(a[:, :H] + v[:, :H]), sigma(a[:, H : 2 * H] + v[:, H : 2 * H])  # F1
        c = tau(a[:, 2 * H :] + r * v[:, 2 * H :])  # F2, F3
        h[:, q] = kept(mask, s, g * h[:, p] + (1 - g) * c, h[:, p])  # F7, F8
    return h


def gru_reset_before(x, w, u, b=None, mask=None, h0=None, back=0, tau=tanh, sigma=sigmoid):
    """numbanet.kernels.gru, F4 to F8, the reset gate before the product: all states (N, T + 1, H)"""
    H = len(u)
    z = x @ w if b is None else x @ w + b
    h, steps = states(x, H, h0, back)
    for s, p, q in steps:
        a, old = z[:, s], h[:, p]
        gates = sigma(a[:, : 2 * H] + old @ u[:, : 2 * H])  # F4
        g, r = gates[:, :H], gates[:, H:]
        c = tau(a[:, 2 * H :] + (r * old) @ u[:, 2 * H :])  # F5, F6
        h[:, q] = kept(mask, s, g * old + (1 - g) * c, old)  # F7, F8
    return h


def masking(x, value):
    """numbanet.kernels.masking, F1 and F2: the mask, 0 where all features are `value`, and x times it"""
    mask = (x != np.asarray(value, x.dtype)).any(axis=-1).astype(x.dtype)
    return mask, x * mask[..., None]


def masking_indices(x):
    """numbanet.kernels.masking, F3: 0 where x is 0, else 1"""
    return (x != 0).astype(x.dtype)


def time_slice(a, first, step, T):
    """numbanet.kernels.time_slice, F1: y[n, t] = a[n, first + step t]"""
    return a[:, first + step * np.arange(T)]


def time_put(one, a, first):
    """numbanet.kernels.time_slice, F2: a, but for a[n, first] = one[n]"""
    y = a.copy()
    y[:, first] = one
    return y


def concatenate(a, b):
    """numbanet.kernels.merge, F1: side by side along the last axis"""
    return np.concatenate([a, b], axis=-1)


def multiply(a, b):
    """numbanet.kernels.merge, F2"""
    return a * b


def average(a, b):
    """numbanet.kernels.merge, F3"""
    return (a + b) / 2


def add(a, b):
    """numbanet.kernels.add, F1"""
    return a + b
