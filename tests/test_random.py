import itertools
import math

import numpy as np
import pytest

from numbanet import random

N = 4000
STREAMS = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, random.LAYERS, 0), (2**63 - 1, 0, 0), (0, 2**32 - 1, 2**40)]


@pytest.mark.parametrize("draw", [random.uniform, random.normal])
def test_the_same_counter_gives_the_same_numbers(draw):
    a = draw((3, 5), 4, 5, 6)
    assert a.shape == (3, 5)
    assert a.dtype == np.float64
    assert np.array_equal(a, draw((3, 5), 4, 5, 6))
    assert np.array_equal(a.reshape(-1)[:7], draw((7,), 4, 5, 6)), "a number depends on its index, not on the shape"
    assert draw((0, 3), 0, 0).shape == (0, 3)
    assert draw((), 0, 0).shape == ()


@pytest.mark.parametrize("counter", STREAMS)
def test_moments(counter):
    u, z = random.uniform((N,), *counter), random.normal((N,), *counter)
    assert u.min() >= 0
    assert u.max() < 1
    for k in (1, 2, 3, 4):
        # five standard errors of the k-th moment
        expected, variance = 1 / (k + 1), 1 / (2 * k + 1) - 1 / (k + 1) ** 2
        assert abs(np.mean(u**k) - expected) < 5 * math.sqrt(variance / N)
        expected, square = (0, 1, 0, 3)[k - 1], (1, 3, 15, 105)[k - 1]
        assert abs(np.mean(z**k) - expected) < 5 * math.sqrt((square - expected**2) / N)


@pytest.mark.parametrize("draw", [random.uniform, random.normal])
def test_streams_differ_and_do_not_correlate(draw):
    drawn = [draw((N,), *counter) for counter in STREAMS]
    for a, b in itertools.combinations(drawn, 2):
        assert not (a == b).any()
        assert abs(np.corrcoef(a, b)[0, 1]) < 5 / math.sqrt(N)
    for a in drawn:
        assert abs(np.corrcoef(a[:-1], a[1:])[0, 1]) < 5 / math.sqrt(N)


@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_permutation_is_one(n):
    order = random.permutation(n, 3, random.SHUFFLE)
    assert sorted(order) == list(range(n))
    assert np.array_equal(order, random.permutation(n, 3, random.SHUFFLE))
    if n == 1000:
        others = [random.permutation(n, *counter) for counter in ((4, 1), (3, 2), (3, 1, 1))]
        assert not any(np.array_equal(order, other) for other in others)


def test_permutations_are_equally_likely():
    counts = dict.fromkeys(itertools.permutations(range(3)), 0)
    for step in range(1200):
        counts[tuple(random.permutation(3, 0, 0, step).tolist())] += 1
    assert sum((count - 200) ** 2 / 200 for count in counts.values()) < 30, "chi squared, 5 degrees: one in 70,000"


def test_streams_of_the_house_are_apart():
    assert random.SHUFFLE != random.SPLIT
    assert max(random.SHUFFLE, random.SPLIT) < random.PARAMETERS < random.LAYERS < 2**32
