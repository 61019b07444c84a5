"""Every layer on the PTX machine beside the processor: outputs, gradients, and what training moves."""

from itertools import product

import numpy as np
import pytest

from tests.layers.test_layer_contract import CASES, data, identity, make, model_with
from tests.ptx.compiler import numba_cuda

numba_cuda()

from tests.ptx.emulated import emulated  # noqa: E402

pytestmark = [pytest.mark.compiled, pytest.mark.cuda, pytest.mark.slow]
EVERYTHING = [
    (name, shape, arguments)
    for name, (shapes, configs) in CASES.items()
    for shape, arguments in product(shapes, configs)
]


@pytest.fixture(scope="module")
def device():
    return emulated()


@pytest.mark.parametrize(("name", "shape", "arguments"), EVERYTHING, ids=identity)
def test_a_layer_does_what_it_does_on_the_processor(name, shape, arguments, device):
    ours, theirs = (model_with(make(name, arguments), shape, where, "float32") for where in (device, "cpu"))
    x, y = data(3, shape, "float32", ours.layers[0])
    agree([ours.predict(x)], [theirs.predict(x)])
    agree(ours.gradients(x, y, training=True)[1], theirs.gradients(x, y, training=True)[1])
    if ours.layers[0].index_limit is None:
        agree([ours.input_gradient(x, y)], [theirs.input_gradient(x, y)])
    assert ours.train_on_batch(x, y) == pytest.approx(theirs.train_on_batch(x, y), rel=1e-5)
    agree(ours.get_weights(), theirs.get_weights())


def agree(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5 * max(float(np.abs(b).max()), 1e-3))
