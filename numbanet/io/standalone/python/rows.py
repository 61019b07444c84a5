"""Operations on the last axis: products, normalisation, softmax. All axes before it are rows."""

import numpy as np


def dense(x, w, b=None):
    """numbanet.kernels.dense, F1: y[n, o] = b[o] + sum over i of x[n, i] w[i, o]"""
    y = x @ w
    return y if b is None else y + b


def bias(b, x):
    """numbanet.kernels.bias, F1: y[r, c] = x[r, c] + b[c]"""
    return x + b


def embedding(x, w):
    """numbanet.kernels.embedding, F1: y[r, e] = w[x[r], e]"""
    return w[x.astype(np.int64)]


def softmax(x):
    """numbanet.kernels.softmax, F1 and F2: e^(x - m) over its sum, m the largest x of the row"""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def log_softmax(x):
    """numbanet.kernels.log_softmax, F1 and F2: (x - m) - log(sum of e^(x - m)), m the largest x of the row"""
    z = x - x.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def batch_norm_factor(variance, gamma=None, epsilon=0.0):
    """gamma / s of numbanet.kernels.batch_norm, F7 and F8: s = sqrt(variance + epsilon)"""
    return (1 if gamma is None else gamma) / np.sqrt(variance + epsilon)


def batch_norm(x, mean, factor, beta=None):
    """numbanet.kernels.batch_norm, F7 and F8, in inference: y = (x - mean) factor + beta with factor = gamma / s"""
    y = (x - mean) * factor
    return y if beta is None else y + beta


def deviation(variance, epsilon=0.0):
    """numbanet.kernels.standardization, F1: the deviation, or epsilon where that is larger"""
    return np.maximum(np.sqrt(variance), epsilon)


def standardization(x, mean, deviation):
    """numbanet.kernels.standardization, F2: y[r, c, p] = (x[r, c, p] - mean[c]) / s[c]"""
    return (x - mean[:, None]) / deviation[:, None]


def destandardization(x, mean, deviation):
    """numbanet.kernels.standardization, F3: y[r, c, p] = x[r, c, p] s[c] + mean[c]"""
    return x * deviation[:, None] + mean[:, None]


def layer_norm(x, gamma=None, beta=None, epsilon=0.0):
    """numbanet.kernels.layer_norm, F1 to F4: each row to mean 0 and variance 1, then gamma and beta"""
    z = x - x.mean(axis=-1, keepdims=True)
    y = z / np.sqrt((z * z).mean(axis=-1, keepdims=True) + epsilon)
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


def group_norm(x, gamma=None, beta=None, epsilon=0.0, G=1):
    """numbanet.kernels.group_norm, F1 to F4: G groups of channels, each to mean 0 and variance 1 over all positions"""
    N, T, C = x.shape
    groups = x.reshape(N, T, G, C // G)
    z = groups - groups.mean(axis=(1, 3), keepdims=True)
    y = (z / np.sqrt((z * z).mean(axis=(1, 3), keepdims=True) + epsilon)).reshape(N, T, C)
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


def global_average_pool(x):
    """numbanet.kernels.global_average_pool, F1: the mean over all positions"""
    return x.mean(axis=1)


def global_max_pool(x):
    """numbanet.kernels.global_max_pool, F2: the largest over all positions"""
    return x.max(axis=1)
