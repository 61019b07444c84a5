"""The networks that are compared: FLOPs as counted by hand, data that are the same everywhere, models that build."""

import numpy as np
import pytest

import numbanet as nn
from numbanet.bench.workloads import KEYS, WORKLOADS, build, chosen

BY_KEY = dict(zip(KEYS, WORKLOADS, strict=True))


def test_flops_are_those_counted_by_hand():
    assert BY_KEY["mlp-small"].flops == 2 * 32 * (2 * 64 * 32 + 3 * 32 * 10)
    conv, dense = 26 * 26 * 9 * 32, 24 * 24 * 9 * 32 * 64
    assert BY_KEY["cnn"].flops == 2 * 64 * (2 * conv + 3 * (dense + 12 * 12 * 64 * 128 + 128 * 10))
    inputs, states = 50 * 32 * 4 * 128, 50 * 128 * 4 * 128
    assert BY_KEY["lstm"].flops == 2 * 64 * (2 * inputs + 3 * (states + 128 * 10))


def test_flops_grow_with_the_batch():
    lenet = BY_KEY["lenet5"]
    assert lenet.at(3).flops == lenet.at(1).flops * 3
    assert lenet.at(3).name == "LeNet-5 28x28, batch 3"
    assert lenet.batch == 64


def test_keys_are_distinct_words():
    assert len(set(KEYS)) == len(KEYS)
    assert all(key == key.lower() and " " not in key for key in KEYS)


def test_an_unknown_model_is_refused_with_the_names_of_all():
    with pytest.raises(
        nn.errors.ArgumentError, match=r"(?s)model must be one of .*lenet5.*Did you mean 'lenet5'"
    ) as found:
        chosen("bench train", ["mlp", "lenet"])
    assert all(key in str(found.value) for key in KEYS)


def test_chosen_models_come_in_the_order_they_were_asked_for():
    assert [workload.key for workload in chosen("bench train", ["gru", "mlp"])] == ["gru", "mlp"]


@pytest.mark.parametrize("key", KEYS)
def test_batches_are_the_same_at_every_call_and_differ_from_each_other(key):
    workload = BY_KEY[key].at(5)
    (x, y), (again, y_again), (other, _) = workload.data(1), workload.data(1), workload.data(2)
    np.testing.assert_array_equal(x, again)
    np.testing.assert_array_equal(y, y_again)
    assert x.shape == (5, *workload.input_shape)
    assert x.dtype == np.float32
    assert (x != other).any()


def test_batches_in_float64_hold_the_numbers_of_float32():
    for key in ("mlp-tiny", "mlp-small"):
        (x, y), (x64, y64) = (BY_KEY[key].data(0, dtype) for dtype in ("float32", "float64"))
        np.testing.assert_array_equal(x, x64)
        np.testing.assert_array_equal(y, y64)
        assert x64.dtype == np.float64
        assert y64.dtype == (np.float64 if key == "mlp-tiny" else np.int64)


LIGHT = "mlp-tiny", "mlp-small", "lenet5", "cnn-batchnorm", "lstm-64", "gru"  # to initialise in plain Python


@pytest.mark.parametrize(
    "key", [key if key in LIGHT else pytest.param(key, marks=pytest.mark.compiled) for key in KEYS]
)
def test_a_model_has_the_outputs_of_its_description(key):
    workload = BY_KEY[key]
    model = build(workload, "reference", "float64")
    network = model._built("test")
    assert network.output_shape == (workload.outputs,)
    assert network.dtype == np.float64
    assert network.device.name == "reference"
