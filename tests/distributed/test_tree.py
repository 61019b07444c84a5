"""How batches are cut, and the order in which their shards are added up."""

import numpy as np
import pytest

from numbanet.distributed.feed import _rows
from numbanet.distributed.pile import Pile
from numbanet.distributed.tree import Cut, complete, subtrees


@pytest.mark.parametrize("n", [1, 3, 7, 8, 9, 64, 1000])
def test_every_sample_is_in_one_shard_and_shards_have_almost_one_size(n):
    bounds = Cut(8).bounds(n)
    sizes = np.diff(bounds)
    assert (bounds[0], bounds[-1]) == (0, n)
    assert sizes.max() - sizes.min() <= 1
    assert sizes.max() == Cut(8).most(n)


@pytest.mark.parametrize("ranks", range(1, 9))
def test_ranks_share_the_shards_and_their_rows(ranks):
    cuts = [Cut(8, ranks, rank) for rank in range(ranks)]
    assert [k for cut in cuts for k in cut.own] == list(range(8))
    assert all(cut.own for cut in cuts)
    for n in (5, 8, 21):
        bounds = cuts[0].bounds(n)
        for cut in cuts:
            rows = _rows(cut, 100, 100 + n)
            assert len(range(100 + n)[rows]) >= 1
            if bounds[cut.own.stop] > bounds[cut.own.start]:
                assert (rows.start, rows.stop) == (100 + bounds[cut.own.start], 100 + bounds[cut.own.stop])


def test_subtrees_are_the_largest_ones():
    assert subtrees(range(8)) == [(0, 8)]
    assert subtrees(range(3, 8)) == [(3, 1), (4, 4)]
    assert subtrees(range(1, 7)) == [(1, 1), (2, 2), (4, 2), (6, 1)]


def as_tree(leaves):
    """The sum in its order, as text."""
    if len(leaves) == 1:
        return leaves[0]
    half = len(leaves) // 2
    return f"({as_tree(leaves[:half])}+{as_tree(leaves[half:])})"


@pytest.mark.parametrize("ranks", range(1, 9))
def test_any_ranks_complete_the_same_tree(ranks):
    leaves = list("abcdefgh")
    parts = {}
    for rank in range(ranks):
        for first, size in Cut(8, ranks).nodes(rank):
            parts[first, size] = as_tree(leaves[first : first + size])
    assert complete(parts, (0, 8), lambda a, b: f"({a}+{b})") == "(((a+b)+(c+d))+((e+f)+(g+h)))"


@pytest.mark.parametrize("shards", [range(8), range(3, 8), range(2, 3), range(1, 7)])
def test_a_pile_adds_up_its_subtrees_in_that_order(shards):
    """The leaves are chosen so that another order has other bits."""
    random = np.random.default_rng(0)
    leaves = (random.standard_normal((8, 50)) * 10.0 ** random.integers(-3, 4, (8, 50))).astype("float32")
    place = np.empty(50, "float32")
    pile = Pile((place,))
    for turn in range(2):  # the second one in the arrays of the first
        pile.clear()
        for k in shards[:-1]:
            place[...] = leaves[k] + turn
            pile.add(k, (place,))
        place[...] = leaves[shards[-1]] + turn
        node, chain = pile.close(shards[-1])
        for (a,) in chain:
            place += a
        found = {node: place} | {node: a for node, (a,) in pile.entries}
        assert list(found)[1:] + list(found)[:1] == subtrees(shards)
        for (first, size), total in found.items():
            parts = {(k, 1): leaves[k] + np.float32(turn) for k in range(first, first + size)}
            assert np.array_equal(total, complete(parts, (first, size), np.add))
