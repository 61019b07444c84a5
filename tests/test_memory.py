import itertools

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, optimizers
from numbanet.devices import get_device
from numbanet.memory import ALIGNMENT, Arena
from tests.oracles import DTYPES

SHAPES = {"a": (3, 5), "b": (1,), "c": (16,), "empty": (0, 4), "d": (2, 3, 7), "e": (17,), "scalar": ()}


@pytest.fixture(params=DTYPES)
def arena(request):
    return Arena(get_device("cpu"), np.dtype(request.param), SHAPES)


def test_views_have_their_shapes_and_start_on_cache_lines(arena):
    for name, shape in SHAPES.items():
        view = arena.views[name]
        assert view.shape == shape
        assert view.dtype == arena.buffer.dtype
        assert view.flags.c_contiguous
        if view.size:
            assert view.ctypes.data % ALIGNMENT == 0
            assert np.shares_memory(view, arena.buffer)


def test_views_do_not_overlap(arena):
    assert not arena.buffer.any()
    for k, view in enumerate(arena.views.values(), 1):
        view[...] = k
    for k, view in enumerate(arena.views.values(), 1):
        assert (view == k).all()
    assert np.count_nonzero(arena.buffer) == sum(view.size for view in arena.views.values())
    for a, b in itertools.combinations(arena.views.values(), 2):
        assert not np.shares_memory(a, b)


def test_no_more_memory_than_the_padding_takes(arena):
    used = sum(view.nbytes for view in arena.views.values())
    assert used <= arena.nbytes < used + len(SHAPES) * ALIGNMENT
    assert arena.nbytes % ALIGNMENT == 0


def test_an_arena_may_be_empty():
    arena = Arena(get_device("cpu"), np.dtype("float32"), {})
    assert arena.nbytes == 0
    assert arena.views == {}


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 5), (0,)])
def test_device_arrays_are_aligned_and_zero(shape, dtype):
    for _ in range(5):
        a = get_device("cpu").zeros(shape, dtype)
        assert a.shape == shape
        assert a.dtype == dtype
        assert not a.any()
        assert a.ctypes.data % 64 == 0 or not a.size


OPTIMIZERS = [
    optimizers.SGD(0.1),
    optimizers.SGD(0.1, momentum=0.9, weight_decay=0.1),
    optimizers.SGD(0.1, momentum=0.9, nesterov=True, clipnorm=0.1),
    optimizers.Adagrad(0.1, weight_decay=0.1),
    optimizers.Adagrad(0.1, initial_accumulator_value=0.0),
    optimizers.RMSprop(0.1, weight_decay=0.1, global_clipnorm=0.1),
    optimizers.RMSprop(0.1, centered=True, momentum=0.9),
    optimizers.Adam(0.1, weight_decay=0.1, clipvalue=0.1),
    optimizers.Adam(0.1, amsgrad=True),
    optimizers.AdamW(0.1),
    optimizers.Lion(0.1, weight_decay=0.1),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_padding_stays_zero(optimizer):
    m = nn.Sequential([layers.Dense(5, activation="tanh", kernel_regularizer="l2"), layers.Dense(3)])
    m.build((3,))
    m.compile(optimizer, "sparse_categorical_crossentropy")
    steps, network = m._steps, m._network
    padding = np.ones(network.parameters.buffer.shape, bool)
    for view in network.parameters.views.values():
        start = (view.ctypes.data - network.parameters.buffer.ctypes.data) // 4
        padding[start : start + view.size] = False
    assert padding.sum() == 4 * 16 - (15 + 5 + 15 + 3)
    moments = {name: arena.buffer[padding].copy() for name, arena in steps.moments.items()}
    x, y = np.random.default_rng(0).standard_normal((8, 3)).astype("float32"), np.arange(8) % 3
    for _ in range(20):
        m.train_on_batch(x, y)
    assert not network.parameters.buffer[padding].any()
    assert not network.gradients.buffer[padding].any()
    assert network.parameters.buffer[~padding].all()
    for name, arena in steps.moments.items():
        assert np.array_equal(arena.buffer[padding], moments[name])
