"""The cross-entropies where logits are large and probabilities 0 or 1; the rest is in test_losses.py."""

import numpy as np
import pytest

from numbanet.kernels.binary_cross_entropy import cpu as binary_cpu
from numbanet.kernels.softmax_cross_entropy import cpu as softmax_cpu
from tests.kernels.test_losses import select
from tests.oracles import DTYPES, assert_agrees, poisoned


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_extreme_logits(device, dtype):
    z, t = np.array([[1e4, -1e4], [1e4, -1e4]], dtype), np.array([[1, 0], [0, 1]], dtype)
    one = np.ones(2, dtype)
    losses, dz = select("binary_cross_entropy").run(device, z, t, one)
    assert losses.tolist() == [0, 1e4]
    assert dz.tolist() == [[0, 0], [0.25, -0.25]]
    losses, _, dz = select("softmax_cross_entropy", "_sparse").run(device, z, np.array([0, 1]), one)
    assert losses.tolist() == [0, 2e4]
    assert dz.tolist() == [[0, 0], [0.5, -0.5]]
    losses, _, dz = select("softmax_cross_entropy").run(device, z, t, one)
    assert losses.tolist() == [0, 2e4]
    assert dz.tolist() == [[0, 0], [0.5, -0.5]]


@pytest.mark.parametrize("value", [1000.0, -1000.0])
@pytest.mark.parametrize("C", [10, 40])
def test_a_large_logit_hides_no_loss(value, C):
    z, labels, one = np.full((1, C), value, np.float32), np.array([7]), np.ones(1, np.float32)
    for case, t in (("_sparse", labels), ("", np.eye(C, dtype=np.float32)[labels])):
        losses, _, dz = select("softmax_cross_entropy", case).run("cpu", z, t, one)
        assert_agrees(losses, np.log([C]))
        # the gradient has the saved logsumexp's rounding, half of 6.1e-5
        assert_agrees(dz, 1 / C - np.eye(C)[labels], 3.1e-5)


def test_large_logits_do_not_drown_small_ones():
    z = np.tile(np.array([3e4, 0.3], np.float32), (1, 100))
    t, one = np.tile(np.array([1.0, 0.0], np.float32), (1, 100)), np.ones(1, np.float32)
    losses, _ = select("binary_cross_entropy").run("cpu", z, t, one)
    assert_agrees(losses, np.log1p(np.exp([z[0, 1].astype(float)])) / 2)


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_probabilities_outside_the_clip(device, dtype):
    p, t = np.array([[0, 1, 1.5, -0.5]], dtype), np.array([[1, 0, 0, 1]], dtype)
    one, worst = np.ones(1, dtype), -np.log(1e-7)
    losses, dp = select("binary_cross_entropy", "_probabilities").run(device, p, t, one)
    assert_agrees(losses, np.array([worst]))
    assert dp.tolist() == [[0, 0, 0, 0]]
    losses, dp = select("cross_entropy").run(device, p, t, one)
    assert_agrees(losses, np.array([2 * worst]))
    assert dp.tolist() == [[0, 0, 0, 0]]
    for label, loss in ((0, worst), (1, 1e-7)):
        losses, dp = select("cross_entropy", "_sparse").run(device, p, np.array([label]), one)
        assert abs(losses[0] - loss) < 2e-6
        assert losses[0] > 0
        assert dp.tolist() == [[0, 0, 0, 0]]


def test_tasks_are_blocks_of_rows():
    z, t, one = np.zeros((1801, 10), np.float32), np.zeros((1801, 10), np.float32), np.ones(1801, np.float32)
    assert binary_cpu.forward.bind(z, t, one, 0.0, poisoned(one)).tasks == 2
    wide = np.zeros((2, 16411), np.float32)
    labels = np.zeros(2, np.int64)
    assert softmax_cpu.forward_sparse.bind(wide, labels, one[:2], poisoned(one[:2]), poisoned(one[:2])).tasks == 2
