"""The workspace of a C file: nothing lies where something is that is still needed, and room is used again."""

import itertools

import pytest

import numbanet as nn
from numbanet import layers
from numbanet.io.standalone.graph import on_the_reference, read_graph
from numbanet.io.standalone.lowering import lower
from numbanet.io.standalone.memory import Block, lay_out

from .test_networks import NETWORKS


def graph_of(m):
    return lower(read_graph(on_the_reference(m._network), 1))


def apart(a: Block, b: Block):
    return a.at + a.size <= b.at or b.at + b.size <= a.at


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_what_is_needed_at_once_lies_apart(make):
    graph = graph_of(make())
    layout = lay_out(graph)
    blocks = list(layout.blocks.values())
    assert all(b.at >= 0 and b.at + b.size <= layout.size for b in blocks)
    for a, b in itertools.combinations(blocks, 2):
        if a.meets(b) and not apart(a, b):  # then one takes the other's place, in a node that may do that
            first, second = sorted((a, b), key=lambda block: block.first)
            assert first.last == second.first
            assert (first.at, first.size) == (second.at, second.size)
            assert graph.nodes[second.first].operation.in_place


def test_a_deep_network_takes_the_room_of_two_layers():
    m = nn.Sequential([layers.Dense(50, "tanh") for _ in range(9)])
    m.build((50,))
    assert lay_out(graph_of(m)).size == 100


def test_what_goes_round_a_block_stays():
    m = nn.Sequential([layers.Dense(10), layers.Residual([layers.Dense(20), layers.Dense(10)]), layers.Dense(3)])
    m.build((4,))
    graph = graph_of(m)
    blocks = lay_out(graph).blocks
    around = next(b for b in blocks.values() if b.size == 10 and b.first == 0)
    assert around.last == next(k for k, node in enumerate(graph.nodes) if node.key == "add.forward")
