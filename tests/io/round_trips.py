"""What the tests of other frameworks' weights share: a converted network as a model, and how far outputs are apart."""

import numpy as np

import numbanet as nn

AGREE = 1e-6  # of float32 outputs, against the largest of them


def sequential(found):
    """The model that a Converted describes."""
    model = nn.Sequential(found.layers, name=found.name)
    model.build(found.input_shape, dtype=found.dtype)
    model.set_weights(found.values)
    return model


def samples(shape, indices=None, count=4):
    random = np.random.default_rng(1)
    return random.integers(0, indices, (count, *shape)) if indices else random.standard_normal((count, *shape), "f4")


def apart(ours, theirs):
    """The largest difference, as a part of the largest output."""
    assert ours.shape == theirs.shape
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


def randomized(arrays, seed=0):
    """Other values of the same shapes: vectors, as scales and variances, are positive."""
    random = np.random.default_rng(seed)
    ranges = {True: (0.5, 1.5), False: (-0.5, 0.5)}
    return [random.uniform(*ranges[a.ndim < 2], a.shape).astype(a.dtype) for a in arrays]


def same_bits(one, other):
    return len(one) == len(other) and all(
        a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True)
    )
