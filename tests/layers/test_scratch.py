"""Scratch arrays, and the pass that backward follows: what a layer is handed besides its batch."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.kernels import activations


class _Doubles(layers.Layer):
    """Passes its input on through an array that has no batch axis, and remembers what it was handed."""

    def __init__(self, name=None):
        super().__init__(name)
        self.handed = []

    def describe(self, input_shape):
        return layers.Description(input_shape, saved={"copy": (2,)}, scratch={"row": (3, 7), "one": ()})

    def forward(self, program, t, training):
        self.handed.append(("forward", training, t))
        program.call(program.kernels(activations).linear, t.x.reshape(-1), t.y.reshape(-1))

    def backward(self, program, t):
        self.handed.append(("backward", t.training, t))
        program.call(program.kernels(activations).linear, t.dy.reshape(-1), t.dx.reshape(-1))


def handed():
    layer = _Doubles()
    m = nn.Sequential([layers.Dense(4), layer, _Doubles(), layers.Dense(2)])
    m.build((4,))
    m.compile("sgd", "mse")
    for n in (6, 3):
        for training in (False, True):
            m.gradients(np.ones((n, 4), "float32"), np.ones((n, 2), "float32"), training=training)
    return layer.handed, m.layers[2].handed


def test_scratch_has_the_shapes_asked_for_whatever_the_batch():
    tensors = [t for _, _, t in handed()[0]]
    assert len(tensors) == 8
    for t in tensors:
        assert {name: a.shape for name, a in t.scratch.items()} == {"row": (3, 7), "one": ()}
        assert t.saved["copy"].shape == (len(t.x), 2)
        assert all(a.flags.c_contiguous and a.dtype == t.x.dtype for a in t.scratch.values())


def test_both_passes_and_all_batch_sizes_see_the_same_memory():
    mine, others = handed()
    first = mine[0][2].scratch
    for _, _, t in mine:
        assert all(np.shares_memory(t.scratch[name], first[name]) for name in first)
    assert not np.shares_memory(first["row"], others[0][2].scratch["row"])
    assert not np.shares_memory(first["row"], first["one"])


def test_backward_is_told_which_forward_it_follows():
    passes = [(name, training) for name, training, _ in handed()[0]]
    assert passes == [("forward", False), ("backward", False), ("forward", True), ("backward", True)] * 2
    assert all(t.training == training for _, training, t in handed()[0])


def test_descriptions_have_no_scratch_unless_asked_for():
    assert layers.Dense(3).describe((4,)).scratch == {}
    with pytest.raises(TypeError):
        layers.Description((3,), (), {}, {}, {})
