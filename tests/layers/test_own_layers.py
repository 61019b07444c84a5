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


def use(layer, method):
    m = nn.Sequential([layers.Dense(3), layer, layers.Dense(2)])
    m.build((4,))
    m.compile("sgd", "mse")
    before = m.get_weights()
    try:
        return getattr(m, method)(
            *((X,) if method == "predict" else (X, Y)), **({"verbose": 0} if method == "fit" else {})
        )
    finally:
        if type(layer) is not _Own:
            assert all(np.array_equal(a, b) for a, b in zip(m.get_weights(), before, strict=True))


@pytest.mark.parametrize("method", METHODS)
def test_a_forward_that_records_nothing_is_refused(method):
    use(_Own(), method)
    for name, shown in ((None, "__computes"), ("mine", "mine")):
        with pytest.raises(StateError) as caught:
            use(_Computes(name=name), method)
        assert str(caught.value).startswith("_Computes ('")
        assert "forward wrote no kernel call" in str(caught.value)
        assert "program.call(kernel, arrays...)" in str(caught.value)
        assert name is None or f"({shown!r})" in str(caught.value)


def test_each_mode_must_record():
    use(_OnlyInTraining(), "train_on_batch")
    with pytest.raises(StateError, match="_OnlyInTraining"):
        use(_OnlyInTraining(), "predict")


@pytest.mark.parametrize("method", METHODS)
def test_a_call_of_no_kernel_is_refused(method):
    with pytest.raises(ArgumentError, match=r"^mine: expected a kernel, made with @kernel, received <function copyto"):
        use(_NoKernel(name="mine"), method)


def test_layers_that_pass_through_record_nothing():
    for layer in (layers.Flatten(), layers.Dropout(0.5)):
        assert use_predict(layer).shape == (6, 2)


def use_predict(layer):
    m = nn.Sequential([layer, layers.Dense(2)])
    m.build((4,))
    return m.predict(X)
