"""A step in pieces computes what it does as a whole, and each block of the gradient is done where a piece says so."""

import numpy as np
import pytest

import numbanet as nn
from numbanet.distributed.segments import gradient_blocks, segments
from numbanet.distributed.shards import MODE
from numbanet.layers import BatchNormalization, Dense, Dropout, Residual

from ..models import LABELS, X


def test_blocks_are_whole_parameters_from_the_last_to_the_first():
    assert gradient_blocks([0, 10, 50, 60], 64, 12) == [(50, 64), (10, 50), (0, 10)]
    assert gradient_blocks([0, 10, 50, 60], 64, 1) == [(60, 64), (50, 60), (10, 50), (0, 10)]
    assert gradient_blocks([0, 10, 50, 60], 64, 1000) == [(0, 64)]
    assert gradient_blocks([0, 10, 50, 60], 64, None) == [(0, 64)]


@pytest.fixture
def step():
    """A recorded step without an update, and its network."""
    inside = [Dense(6, activation="relu"), BatchNormalization(), Dense(6)]
    model = nn.Sequential([Dense(6), Residual(inside), Dropout(0.2), Dense(3, kernel_regularizer="l2")], seed=0)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.build((4,))
    found = model._steps.step(MODE, 8)
    found.x[...], found.targets[...] = X[:8], LABELS[:8]
    return found, model._network


def test_pieces_are_the_program_and_blocks_are_done_behind_them(step):
    recorded, network = step
    before, gradient = np.array(network.fixed), network.gradients.buffer
    recorded.program.run()
    whole = np.array(gradient)
    gradient[...], network.fixed[...] = np.nan, before
    starts = list(network.gradients.offsets.values())
    pieces = segments(recorded.program, gradient, starts, gradient_blocks(starts, gradient.size, 1))
    assert [call for piece in pieces for call in piece.program.calls] == recorded.program.calls
    done = []
    for piece in pieces:
        piece.program.run()
        for first, last in piece.blocks:
            sizes = [slot.value.size for slot in network.trained]
            known = [slice(s, s + n) for s, n in zip(starts, sizes, strict=True) if first <= s < last]
            assert all(np.array_equal(gradient[part], whole[part]) for part in known)
            done += known
    assert len(done) == len(starts)


def test_a_gradient_is_sent_before_the_backward_pass_ends(step):
    recorded, network = step
    starts = list(network.gradients.offsets.values())
    pieces = segments(recorded.program, network.gradients.buffer, starts, gradient_blocks(starts, 10**9, 1))
    with_blocks = [k for k, piece in enumerate(pieces) if piece.blocks]
    assert with_blocks[0] < len(pieces) - 1
