"""bench/character_model.py: its PyTorch model is trained as numbanet's, to the last bits of float64."""

from pathlib import Path

import numpy as np
import pytest

import numbanet as nn
from numbanet.layers import LSTM, Dense, Embedding, TimeDistributed

torch = pytest.importorskip("torch")

CHARACTERS, STEPS, SAMPLES, BATCH, EPOCHS = 5, 6, 7, 3, 4  # the last batch of an epoch is short
TOLERANCE = {"rtol": 1e-11, "atol": 1e-13}


@pytest.fixture
def bench(monkeypatch):
    """The script as a module."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "bench"))
    import character_model

    return character_model


def libraries(bench):
    """Both, before the first step, and the data that they have."""
    codes = np.random.default_rng(0).integers(0, CHARACTERS, (SAMPLES, STEPS + 1))
    x, y = codes[:, :-1], codes[:, 1:]
    layers = [Embedding(CHARACTERS, 3), LSTM(4, return_sequences=True), TimeDistributed(Dense(CHARACTERS))]
    model = nn.Sequential(layers, seed=3)
    model.build((STEPS,), dtype="float64")
    theirs = bench.PyTorch(model, x, y, BATCH)
    return bench.Numbanet(model, x, y, BATCH), theirs, (x, y)


def test_it_begins_with_the_same_loss(bench):
    ours, theirs, data = libraries(bench)
    np.testing.assert_allclose(ours.loss(*data), theirs.loss(*data), **TOLERANCE)


@pytest.mark.parametrize("limit", [0.05, 1.0], ids=["clipped", "not clipped"])
def test_losses_and_weights_are_those_of_pytorch_at_every_step(bench, monkeypatch, limit):
    monkeypatch.setattr(bench, "NORM", limit)
    ours, theirs, data = libraries(bench)
    before = ours.loss(*data)
    for _ in range(EPOCHS):
        losses = ours.epoch()
        assert len(losses) == 3
        np.testing.assert_allclose(losses, theirs.epoch(), **TOLERANCE)
    np.testing.assert_allclose(ours.loss(*data), theirs.loss(*data), **TOLERANCE)
    assert ours.loss(*data) < before - 0.005
    lstm = theirs.lstm
    expected = [theirs.embedding.weight, lstm.weight_ih_l0.T, lstm.weight_hh_l0.T, lstm.bias_ih_l0]
    expected += [theirs.linear.weight.T, theirs.linear.bias]
    for found, weight in zip(ours.model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(found, weight.detach().numpy(), **TOLERANCE)
    assert not lstm.bias_hh_l0.any()


def test_the_smaller_limit_clips_and_the_larger_does_not(bench, monkeypatch):
    curves = []
    for limit in (0.05, 1.0, 100.0):
        monkeypatch.setattr(bench, "NORM", limit)
        _, theirs, _ = libraries(bench)
        curves.append([loss for _ in range(EPOCHS) for loss in theirs.epoch()])
    clipped, allowed, free = curves
    assert clipped != allowed
    assert allowed == free


@pytest.mark.nightly
@pytest.mark.compiled
def test_the_curves_of_the_real_text_agree(bench):
    for dtype, most in (("float64", 1e-12), ("float32", 1e-3)):
        ours, theirs = bench.train(dtype, 2)
        assert bench.differences(ours, theirs).shape == (200,)
        assert bench.differences(ours, theirs).max() < most
        np.testing.assert_allclose(ours.bits, theirs.bits, rtol=most)
