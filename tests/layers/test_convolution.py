"""Convolution layers against PyTorch, against sums by hand, and what they refuse."""

import math
from itertools import product

import numpy as np
import pytest

import numbanet as nn
from numbanet.layers import Conv1D, Conv2D, Conv2DTranspose, DepthwiseConv2D
from numbanet.layers.transposed_convolution import transposed_extent
from numbanet.layers.windows import extent
from tests.models import refuses
from tests.oracles import assert_agrees

N = 2


def network(layer, shape):
    """The layer alone, in float64, with weights that are all different."""
    m = nn.Sequential([layer, nn.layers.Flatten()])
    m.build(shape, dtype="float64")
    m.compile("sgd", "mse")
    random = np.random.default_rng(7)
    m.set_weights([random.standard_normal(w.shape) for w in m.get_weights()])
    return m


def image_of(m, x):
    """The output before Flatten."""
    return m.predict(x).reshape(len(x), *m.layers[0].describe(x.shape[1:]).output_shape)


def assert_same_as_torch(layer, shape, function):
    """`function(torch, x, *weights)` is the layer on PyTorch's tensors, all of them laid out as ours."""
    torch = pytest.importorskip("torch")
    m = network(layer, shape)
    random = np.random.default_rng(3)
    x = random.standard_normal((N, *shape))
    found = image_of(m, x)
    target = random.standard_normal((N, math.prod(found.shape[1:])))
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, *m.get_weights())]
    y = function(torch, *leaves)
    assert tuple(y.shape) == found.shape
    assert_agrees(found, y.detach().numpy(), 1e-10)
    ((y.reshape(N, -1) - torch.tensor(target)) ** 2).mean().backward()
    gradients = [m.input_gradient(x, target), *m.gradients(x, target)[1]]
    for a, leaf in zip(gradients, leaves, strict=True):
        assert_agrees(a, leaf.grad.numpy(), 1e-10)


def same(n, k, s, d):
    """(before, after) as Keras documents them."""
    total = max((math.ceil(n / s) - 1) * s + (k - 1) * d + 1 - n, 0)
    return total // 2, total - total // 2


def torch_conv2d(torch, x, w, b, strides, pads, dilation=(1, 1), groups=1):
    (top, bottom), (left, right) = pads
    x = torch.nn.functional.pad(x.permute(0, 3, 1, 2), (left, right, top, bottom))
    w = w.permute(3, 2, 0, 1).contiguous()
    return torch.nn.functional.conv2d(x, w, b, strides, 0, dilation, groups).permute(0, 2, 3, 1)


@pytest.mark.parametrize("dilation", [(1, 1), (2, 1)])
@pytest.mark.parametrize("strides", [(1, 1), (2, 3)])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (1, 5)])
@pytest.mark.parametrize("size", [(7, 9), (6, 4)])
def test_same_padding(size, kernel, strides, dilation):
    pads = [same(*axis) for axis in zip(size, kernel, strides, dilation, strict=True)]
    layer = Conv2D(3, kernel, strides, "same", dilation)
    assert_same_as_torch(layer, (*size, 2), lambda t, x, w, b: torch_conv2d(t, x, w, b, strides, pads, dilation))


@pytest.mark.parametrize(
    ("padding", "pads"),
    [
        ("valid", ((0, 0), (0, 0))),
        (2, ((2, 2), (2, 2))),
        ((1, 2), ((1, 1), (2, 2))),
        (((1, 0), (0, 3)), ((1, 0), (0, 3))),
    ],
    ids=str,
)
def test_explicit_padding_and_groups(padding, pads):
    layer = Conv2D(4, (3, 2), 2, padding, groups=2)
    assert_same_as_torch(layer, (6, 5, 4), lambda t, x, w, b: torch_conv2d(t, x, w, b, 2, pads, groups=2))


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("padding", ["valid", "same", "causal", 1, (0, 3)])
def test_conv1d(padding, strides):
    dilation = 2
    pads = {"valid": (0, 0), "same": same(9, 3, strides, dilation), "causal": (4, 0), 1: (1, 1)}.get(padding, padding)

    def function(torch, x, w, b):
        x = torch.nn.functional.pad(x.permute(0, 2, 1), pads)
        w = w.permute(2, 1, 0).contiguous()
        return torch.nn.functional.conv1d(x, w, b, strides, 0, dilation, 2).permute(0, 2, 1)

    assert_same_as_torch(Conv1D(4, 3, strides, padding, dilation, groups=2), (9, 2), function)


def test_causal_sees_no_later_step():
    m = network(Conv1D(2, 3, padding="causal", dilation_rate=2), (10, 1))
    x = np.random.default_rng(0).standard_normal((1, 10, 1))
    before = image_of(m, x)
    for step in range(10):
        changed = x.copy()
        changed[0, step] += 1
        differs = (image_of(m, changed) != before).any(axis=(0, 2))
        assert np.flatnonzero(differs).tolist() == [t for t in (step, step + 2, step + 4) if t < 10]


@pytest.mark.parametrize("multiplier", [1, 3])
@pytest.mark.parametrize("padding", ["same", (1, 0)])
def test_depthwise(padding, multiplier):
    pads = [same(*axis) for axis in zip((6, 7), (2, 3), (2, 1), (1, 2), strict=True)]
    pads = pads if padding == "same" else ((1, 1), (0, 0))

    def function(torch, x, w, b):
        w = w.reshape(2, 3, 1, 5 * multiplier)
        return torch_conv2d(torch, x, w, b, (2, 1), pads, (1, 2), 5)

    layer = DepthwiseConv2D((2, 3), (2, 1), padding, multiplier, (1, 2))
    assert_same_as_torch(layer, (6, 7, 5), function)


@pytest.mark.parametrize("activation", ["relu", "tanh", "softmax"])
def test_activation_without_bias(activation):
    def function(torch, x, w):
        z = torch_conv2d(torch, x, w, None, 1, ((0, 0), (0, 0)))
        return torch.softmax(z, -1) if activation == "softmax" else getattr(torch, activation)(z)

    assert_same_as_torch(Conv2D(3, 2, activation=activation, use_bias=False), (4, 5, 2), function)


def test_flip_kernel_is_the_convolution_of_signal_processing():
    m = network(Conv2D(2, (3, 2), padding=((2, 2), (1, 1)), flip_kernel=True), (4, 5, 3))
    w, b = m.get_weights()
    x = np.random.default_rng(0).standard_normal((1, 4, 5, 3))
    # y[p, q] = sum over k, l of x[p - k, q - l] w[k, l], in full
    expected = np.zeros((1, 6, 6, 2)) + b
    for k, l, p, q in product(range(3), range(2), range(4), range(5)):
        expected[0, p + k, q + l] += x[0, p, q] @ w[k, l]
    assert_agrees(image_of(m, x), expected)


@pytest.mark.parametrize("strides", [(1, 1), (2, 1)])
def test_flip_kernel_against_torch(strides):
    def function(torch, x, w, b):
        return torch_conv2d(torch, x, w.flip(0, 1), b, strides, ((1, 0), (1, 1)))

    assert_same_as_torch(Conv2D(3, (3, 2), strides, ((1, 0), (1, 1)), flip_kernel=True), (5, 4, 2), function)


def torch_transposed(torch, x, w, b, strides, dilation, groups, size, before):
    """All that the windows reach, cut or filled up to `size`."""
    x, w = x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1).contiguous()
    whole = torch.nn.functional.conv_transpose2d(x, w, None, strides, 0, 0, groups, dilation)
    (height, width), (top, left) = size, before
    whole = torch.nn.functional.pad(whole, (0, max(0, left + width - whole.shape[3]), 0, max(0, top + height)))
    return whole[:, :, top : top + height, left : left + width].permute(0, 2, 3, 1) + b


# kernel, strides, padding, output_padding, dilation, groups, and the output of 3 x 4 cells and what is cut off before
TRANSPOSED = [
    ((2, 2), (1, 1), "valid", None, (1, 1), 1, (4, 5), (0, 0)),
    ((3, 3), (2, 2), "valid", None, (1, 1), 1, (7, 9), (0, 0)),
    ((2, 1), (3, 2), "valid", None, (1, 1), 1, (9, 8), (0, 0)),  # n strides where windows leave gaps
    ((2, 2), (2, 2), "same", None, (1, 1), 1, (6, 8), (0, 0)),
    ((3, 3), (2, 2), "same", None, (1, 1), 1, (6, 8), (0, 0)),
    ((4, 5), (2, 1), "same", None, (1, 1), 2, (6, 4), (1, 2)),
    ((3, 2), (2, 3), "same", None, (2, 1), 1, (6, 12), (1, 0)),
    ((3, 3), (2, 2), "valid", (1, 0), (1, 1), 1, (8, 9), (0, 0)),
    ((3, 3), (2, 2), "same", 0, (1, 1), 1, (5, 7), (1, 1)),
    ((3, 3), (2, 2), "same", 1, (1, 1), 1, (6, 8), (0, 0)),
    ((3, 3), (2, 2), 1, None, (1, 1), 1, (5, 7), (1, 1)),
    ((3, 3), (2, 2), 1, 1, (1, 1), 2, (6, 8), (1, 1)),
    ((3, 2), (2, 3), ((0, 1), (2, 0)), None, (1, 2), 1, (6, 10), (0, 2)),
]


@pytest.mark.parametrize(("kernel", "strides", "padding", "more", "dilation", "groups", "size", "before"), TRANSPOSED)
def test_transposed(kernel, strides, padding, more, dilation, groups, size, before):
    def function(torch, x, w, b):
        return torch_transposed(torch, x, w, b, strides, dilation, groups, size, before)

    layer = Conv2DTranspose(2 * groups, kernel, strides, padding, more, dilation, groups)
    assert_same_as_torch(layer, (3, 4, 4), function)


@pytest.mark.parametrize(("strides", "padding", "more"), [(1, 0, 0), (2, 1, 1), (3, (2, 0), (1, 2)), (2, (0, 1), 0)])
def test_explicit_transposed_padding_is_pytorchs(strides, padding, more):
    def function(torch, x, w, b):
        x, w = x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1).contiguous()
        return torch.nn.functional.conv_transpose2d(x, w, b, strides, padding, more).permute(0, 2, 3, 1)

    assert_same_as_torch(Conv2DTranspose(3, (4, 3), strides, padding, more), (3, 4, 2), function)


def test_transposed_extents_undo_extents():
    for n, k, s, d in product(range(1, 8), range(1, 6), range(1, 4), range(1, 4)):
        for padding in ("valid", "same"):
            cells, before = transposed_extent(n, k, s, d, padding, None)
            assert extent(cells, k, s, d, padding) == (n, before)
            assert cells == n * s + (max((k - 1) * d + 1 - s, 0) if padding == "valid" else 0)
            for more in range(s):  # the lengths that Keras gives
                pad = ((k - 1) * d + 1) // 2 if padding == "same" else 0
                expected = (n - 1) * s + (k - 1) * d + 1 - 2 * pad + more
                if expected > 0:
                    assert transposed_extent(n, k, s, d, padding, more)[0] == expected


@pytest.mark.parametrize(
    ("layer", "shape", "weights"),
    [
        (Conv1D(6, 3, groups=2), (7, 4), [(3, 2, 6), (6,)]),
        (Conv2D(6, (3, 2), groups=2), (5, 5, 4), [(3, 2, 2, 6), (6,)]),
        (Conv2D(6, 1, use_bias=False), (5, 5, 4), [(1, 1, 4, 6)]),
        (DepthwiseConv2D((3, 2), depth_multiplier=2), (5, 5, 4), [(3, 2, 4, 2), (8,)]),
        (Conv2DTranspose(6, (3, 2), groups=2), (5, 5, 4), [(3, 2, 3, 4), (6,)]),
    ],
    ids=str,
)
def test_weights_have_the_shapes_and_the_order_of_keras(layer, shape, weights):
    m = nn.Sequential([layer])
    m.build(shape)
    assert [w.shape for w in m.get_weights()] == weights
    assert m.weight_names == [f"{m.layers[0].name}/{name}" for name in ("kernel", "bias")][: len(weights)]


@pytest.mark.parametrize("padding", [(1, 2), [1, 2], [[1, 1], [2, 2]]])
def test_arguments_may_come_from_a_file(padding):
    layer = Conv2D(3, [2, 3], [1, 2], padding)
    assert layer.get_config() == Conv2D(3, (2, 3), (1, 2), ((1, 1), (2, 2))).get_config()
    assert layer.get_config()["padding"] == [[1, 1], [2, 2]]
    assert repr(layer) == "Conv2D(filters=3, kernel_size=(2, 3), strides=(1, 2), padding=((1, 1), (2, 2)))"


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda: Conv2D(0, 3), ("Conv2D: filters must be a positive integer", "filters=0")),
        (lambda: Conv2D(3, 0), ("Conv2D: kernel_size", "a pair", "kernel_size=0")),
        (lambda: Conv2D(3, (1, 2, 3)), ("Conv2D: kernel_size",)),
        (lambda: Conv2D(3, 3, strides=1.5), ("Conv2D: strides", "1.5")),
        (lambda: Conv2D(3, 3, padding="causal"), ("Conv2D: padding", "'same'", "((top, bottom), (left, right))")),
        (lambda: Conv2D(3, 3, dilation_rate=(0, 1)), ("Conv2D: dilation_rate",)),
        (lambda: Conv2D(3, 3, groups=2), ("Conv2D: filters must be a multiple of groups", "filters=3, groups=2")),
        (lambda: Conv2D(3, 3, groups=0), ("Conv2D: groups must be a positive integer",)),
        (lambda: Conv2D(3, 3, flip_kernel=1), ("Conv2D: flip_kernel must be True or False",)),
        (lambda: Conv2D(3, 3, activation="rellu"), ("Conv2D: activation", "relu")),
        (lambda: Conv2D(3, 3, use_bias="no"), ("Conv2D: use_bias",)),
        (lambda: Conv2D(3, 3, kernel_initializer="xavier"), ("Conv2D: kernel_initializer",)),
        (lambda: Conv1D(3, (2, 3)), ("Conv1D: kernel_size must be a positive integer", "(2, 3)")),
        (lambda: Conv1D(3, 2, padding="full"), ("Conv1D: padding", "'causal'", "(left, right)")),
        (lambda: DepthwiseConv2D(3, depth_multiplier=0), ("DepthwiseConv2D: depth_multiplier",)),
        (lambda: DepthwiseConv2D(3, depthwise_initializer=1), ("DepthwiseConv2D: depthwise_initializer",)),
        (lambda: DepthwiseConv2D(3, depthwise_regularizer="l3"), ("DepthwiseConv2D: depthwise_regularizer",)),
        (lambda: Conv2DTranspose(3, 3, output_padding=1), ("Conv2DTranspose: output_padding", "strides=(1, 1)")),
        (lambda: Conv2DTranspose(3, 3, 2, output_padding=-1), ("Conv2DTranspose: output_padding", "0 or more")),
        (lambda: Conv2DTranspose(4, 3, groups=3), ("Conv2DTranspose: filters must be a multiple",)),
    ],
)
def test_constructors_refuse(action, words):
    refuses(action, *words)


@pytest.mark.parametrize(
    ("layer", "shape", "words"),
    [
        (Conv2D(3, 3), (8, 8), ("Conv2D (layer 0", "expected images of shape (N, height", "received (N, 8, 8)")),
        (Conv2D(3, 3), (2, 8, 1), ("Conv2D (layer 0", "expected 3 cells or more", "received 2", "padding='same'")),
        (Conv2D(3, 3, padding=(0, 1), dilation_rate=4), (9, 6, 1), ("9 cells or more", "received 6 and 1 + 1 of")),
        (Conv2D(4, 3, groups=2), (8, 8, 3), ("channels in 2 groups", "received 3 channels")),
        (Conv1D(3, 3), (8, 8, 1), ("Conv1D (layer 0", "expected sequences of shape (N, steps, channels)")),
        (Conv1D(3, 5), (4, 1), ("expected 5 cells or more", "received 4")),
        (DepthwiseConv2D(3), (9,), ("DepthwiseConv2D (layer 0", "expected images")),
        (DepthwiseConv2D(3), (2, 2, 5), ("expected 3 cells or more",)),
        (
            Conv2DTranspose(3, 3, padding=2),
            (1, 1, 5),
            ("Conv2DTranspose", "3 cells that windows reach", "Use less"),
        ),
        (Conv2DTranspose(4, 3, groups=2), (2, 2, 3), ("channels in 2 groups",)),
    ],
)
def test_shapes_are_refused_at_build(layer, shape, words):
    refuses(lambda: nn.Sequential([layer]).build(shape), *words)


def test_a_window_of_the_image_is_a_dense_layer():
    m = network(Conv2D(5, (3, 4)), (3, 4, 2))
    x = np.random.default_rng(2).standard_normal((6, 3, 4, 2))
    w, b = m.get_weights()
    assert_agrees(m.predict(x), x.reshape(6, -1) @ w.reshape(-1, 5) + b)
