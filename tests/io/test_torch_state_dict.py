"""Parameters by torch's names: which names, in which order, and what does not go together."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers
from numbanet.errors import ArgumentError
from numbanet.io.torch import fill_from_state_dict, torch_state_dict

from .round_trips import AGREE, apart, randomized, same_bits, samples

torch = pytest.importorskip("torch")
N = torch.nn


def model_of(*chain, shape, dtype="float32"):
    model = nn.Sequential(list(chain))
    model.build(shape, dtype=dtype)
    model.set_weights(randomized(model.get_weights()))
    return model


def loaded(module, model, **options):
    module.load_state_dict(torch_state_dict(model._network, **options))
    return module.eval()


def computed(module, x):
    with torch.no_grad():
        return module(torch.tensor(x)).numpy()


def test_names_are_those_of_a_sequential_with_a_module_more_for_each_activation():
    model = model_of(
        layers.Conv2D(4, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(3, use_bias=False),
        layers.Softmax(),
        shape=(8, 8, 2),
    )
    assert list(torch_state_dict(model._network)) == [
        "0.weight", "0.bias",
        "2.weight", "2.bias", "2.running_mean", "2.running_var", "2.num_batches_tracked",
        "5.weight",
    ]  # fmt: skip
    module = N.Sequential(
        N.Conv2d(2, 4, 3), N.ReLU(), N.BatchNorm2d(4, eps=1e-3), N.MaxPool2d(2), N.Flatten(),
        N.Linear(36, 3, bias=False), N.Softmax(1),
    )  # fmt: skip
    x = samples((8, 8, 2))
    wanted = computed(loaded(module, model), x.transpose(0, 3, 1, 2).copy())
    assert apart(model.predict(x), wanted) < AGREE
    assert same_bits(fill_from_state_dict(model._network, module.state_dict()), model.get_weights())


def test_recurrent_layers_have_zeros_for_the_second_bias():
    model = model_of(layers.LSTM(3, return_sequences=True), shape=(5, 2))
    found = torch_state_dict(model._network)
    assert list(found) == ["0.weight_ih_l0", "0.weight_hh_l0", "0.bias_ih_l0", "0.bias_hh_l0"]
    assert not found["0.bias_hh_l0"].any()
    assert np.array_equal(found["0.bias_ih_l0"].numpy(), model.get_weights()[2])


def test_a_module_with_two_recurrent_layers_stands_for_two_layers():
    model = model_of(
        layers.Bidirectional(layers.GRU(3, return_sequences=True)),
        layers.Dropout(0.2),
        layers.Bidirectional(layers.GRU(3, return_sequences=True)),
        shape=(5, 2),
    )
    module = N.GRU(2, 3, 2, batch_first=True, bidirectional=True)
    x = samples((5, 2))
    loaded(module, model, like=module)
    with torch.no_grad():
        assert apart(model.predict(x), module(torch.tensor(x))[0].numpy()) < AGREE
    assert same_bits(fill_from_state_dict(model._network, module.state_dict()), model.get_weights())


class Block(N.Module):
    """As in a residual network of torchvision."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = N.Conv2d(3, 4, 3, 1, 1, bias=False), N.BatchNorm2d(4)
        self.conv2, self.bn2 = N.Conv2d(4, 4, 3, 1, 1, bias=False), N.BatchNorm2d(4)
        self.downsample = N.Sequential(N.Conv2d(3, 4, 1, bias=False), N.BatchNorm2d(4))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + self.downsample(x))


def residual():
    def conv(size):
        return layers.Conv2D(4, size, padding=size // 2, use_bias=False)

    def norm():
        return layers.BatchNormalization(0.9, 1e-5)

    inside = [conv(3), norm(), layers.ReLU(), conv(3), norm()]
    return model_of(layers.Residual(inside, [conv(1), norm()], "relu"), shape=(6, 6, 3))


def test_a_module_with_branches_is_matched_with_a_residual_block_in_order():
    model, module, x = residual(), Block(), samples((6, 6, 3))
    loaded(module, model, like=module)
    wanted = computed(module, x.transpose(0, 3, 1, 2).copy()).transpose(0, 2, 3, 1)
    assert apart(model.predict(x), wanted) < AGREE
    assert same_bits(fill_from_state_dict(model._network, module.state_dict()), model.get_weights())


def test_a_residual_block_has_no_names_of_its_own():
    with pytest.raises(ArgumentError, match="Give like=, the module to fill"):
        torch_state_dict(residual()._network)


def test_a_state_dict_serves_as_like_and_keeps_its_counts():
    model = model_of(layers.BatchNormalization(), shape=(3,))
    like = {f"module.bn.{k}": v for k, v in N.BatchNorm1d(3).state_dict().items()}
    like["module.bn.num_batches_tracked"] += 7
    found = torch_state_dict(model._network, like=like)
    assert list(found) == list(like)
    assert found["module.bn.num_batches_tracked"] == 7


def test_rows_behind_a_flattened_image_are_in_the_other_order():
    model = model_of(layers.Flatten(), layers.Dense(1, use_bias=False), shape=(2, 2, 3))
    model.set_weights([np.arange(12, dtype="f4").reshape(12, 1)])
    # channel by channel, where here it is pixel by pixel
    assert torch_state_dict(model._network)["1.weight"].tolist() == [[0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]]


def test_what_a_normalisation_does_without_is_ones_and_zeros():
    model = model_of(layers.BatchNormalization(scale=False), layers.GroupNormalization(1, center=False), shape=(4,))
    found = torch_state_dict(model._network)
    assert found["0.weight"].tolist() == [1, 1, 1, 1]
    assert found["1.bias"].tolist() == [0, 0, 0, 0]
    assert same_bits(fill_from_state_dict(model._network, found), model.get_weights())
    found["0.weight"][2] = 3
    with pytest.raises(ArgumentError, match="scale=False, and the weight there is not 1"):
        fill_from_state_dict(model._network, found)


def test_states_stay_as_they_are():
    model = model_of(layers.GRU(2, stateful=True, batch_size=3), shape=(4, 2))
    found = torch_state_dict(model._network)
    assert same_bits(fill_from_state_dict(model._network, found), model.get_weights())


def test_arrays_fill_a_model_without_torch():
    model = model_of(layers.Dense(2), shape=(3,), dtype="float64")
    given = {"weight": np.ones((2, 3)), "bias": np.zeros(2)}
    assert fill_from_state_dict(model._network, given)[0].shape == (3, 2)


def test_tensors_are_copies():
    model = model_of(layers.Dense(2), shape=(3,))
    before = model.get_weights()
    torch_state_dict(model._network)["0.bias"].zero_()
    assert same_bits(model.get_weights(), before)


TWO = {"a.weight": np.ones((4, 3), "f4"), "a.bias": np.ones(4, "f4"), "b.weight": np.ones((2, 4), "f4")}


@pytest.mark.parametrize(
    ("state_dict", "message"),
    [
        (TWO, "dense_1 (Dense) takes {'weight': (2, 4), 'bias': (2,)}, and 'b' has {'weight': (2, 4)}"),
        ({"a.weight": TWO["a.weight"]}, "expected tensors of 2 modules, for the layers dense, dense_1; received"),
        (TWO | {"b.bias": np.ones(3, "f4")}, "and 'b' has {'weight': (2, 4), 'bias': (3,)}"),
        (TWO | {"b.bias": np.ones(2)}, "b.bias is of float64, and the model of float32"),
        ({"state_dict": TWO}, 'checkpoint["state_dict"]'),
        ([1, 2], "Received: list"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(state_dict, message):
    model = model_of(layers.Dense(4), layers.Dense(2), shape=(3,))
    before = model.get_weights()
    with pytest.raises(ArgumentError) as error:
        fill_from_state_dict(model._network, state_dict)
    assert message in str(error.value)
    assert same_bits(model.get_weights(), before)


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (layers.GRU(2, reset_after=False), (4, 2), "torch has no GRU with reset_after=False"),
        (layers.Normalization(mean=0.0, variance=1.0), (3,), "torch has no module with its parameters"),
        (layers.Flatten(), (2, 2, 3), "Expected a Linear between"),
    ],
)
def test_what_torch_has_no_module_for_is_refused(layer, shape, message):
    model = model_of(layer, shape=shape)
    with pytest.raises(ArgumentError, match=message):
        torch_state_dict(model._network)
