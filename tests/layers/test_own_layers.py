"""Layers that users write: what a forward pass must record."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError, StateError
from numbanet.kernels import activations

X, Y = np.ones((6, 4), "float32"), np.ones((6, 2), "float32")
METHODS = ["fit", "evaluate", "train_on_batch", "gradients", "input_gradient", "predict"]


class _Own(layers.Layer):
    """Passes its input on, right as it is."""

    def describe(self, input_shape):
        return layers.Description(input_shape)

    def forward(self, program, t, training):
        program.call(program.kernels(activations).linear, t.x.reshape(-1), t.y.reshape(-1))

    def backward(self, program, t):
        if t.dx is not None:
            program.call(program.kernels(activations).linear, t.dy.reshape(-1), t.dx.reshape(-1))


class _Computes(_Own):
    """Computes while it should record."""

    def forward(self, program, t, training):
        t.y[...] = t.x


class _OnlyInTraining(_Own):
    def forward(self, program, t, training):
        if training:
            super().forward(program, t, training)


class _NoKernel(_Own):
    def forward(self, program, t, training):
        program.call(np.copyto, t.y, t.x)


def model(layer):
    m = nn.Sequential([layers.Dense(3), layer, layers.Dense(2)])
    m.build((4,))
    m.compile("sgd", "mse")
    return m


def use(m, method):
    data, more = (X,) if method == "predict" else (X, Y), {"verbose": 0} if method == "fit" else {}
    return getattr(m, method)(*data, **more)


def refused(layer, method, error):
    """The error's words; the weights stay."""
    m = model(layer)
    before = m.get_weights()
    with pytest.raises(error) as caught:
        use(m, method)
    assert all(np.array_equal(a, b) for a, b in zip(m.get_weights(), before, strict=True))
    return str(caught.value)


@pytest.mark.parametrize("method", METHODS)
def test_a_forward_that_records_nothing_is_refused(method):
    use(model(_Own()), method)
    words = refused(_Computes(name="mine"), method, StateError)
    assert words.startswith("_Computes ('mine'): forward wrote no kernel call")
    assert "program.call(kernel, arrays...)" in words


def test_each_mode_must_record():
    use(model(_OnlyInTraining()), "train_on_batch")
    for method in ("predict", "evaluate"):
        assert "_OnlyInTraining" in refused(_OnlyInTraining(), method, StateError)


@pytest.mark.parametrize("method", METHODS)
def test_a_call_of_no_kernel_is_refused(method):
    words = refused(_NoKernel(name="mine"), method, ArgumentError)
    assert words.startswith("mine: expected a kernel, made with @kernel, received <function copyto")


@pytest.mark.parametrize("layer", [layers.Flatten(), layers.Dropout(0.5)], ids=repr)
def test_layers_that_pass_through_record_nothing(layer):
    assert use(model(layer), "predict").shape == (6, 2)


class _SoftRelu(nn.layers.ReLU):
    """Another function than the class it is made from, which works in place."""

    function = "softplus"


def test_a_variation_of_relu_keeps_its_function_above_a_layer_whose_output_nobody_reads():
    x = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)
    model = nn.Sequential([nn.layers.Dense(4), _SoftRelu(), nn.layers.Dense(3, activation=_SoftRelu())], seed=0)
    model.build((4,))
    w, b, v, c = model.get_weights()
    expected = np.log1p(np.exp(np.log1p(np.exp(x @ w + b)) @ v + c))
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-5)
