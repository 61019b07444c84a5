"""What is read of a torch module's forward pass, and what is refused; values of networks: test_torch_round_trips.py."""

import numpy as np
import pytest

import numbanet as nn
from numbanet.errors import ArgumentError, DtypeError
from numbanet.io.torch import read_torch

from .round_trips import AGREE, apart, samples, sequential

torch = pytest.importorskip("torch")
F, N = torch.nn.functional, torch.nn


class Forward(N.Module):
    """A module whose forward pass is a function of its parts and the input."""

    def __init__(self, function, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.function = function

    def forward(self, x):
        return self.function(self, x)


def kinds(module, shape):
    return [type(layer).__name__ for layer in read_torch(module, shape).layers]


def test_functions_are_read_as_their_modules():
    module = Forward(
        lambda m, x: F.log_softmax(F.leaky_relu(m.fc(torch.flatten(F.max_pool2d(m.conv(x).relu(), 2), 1)), 0.3), dim=1),
        conv=N.Conv2d(2, 3, 3),
        fc=N.Linear(12, 4),
    ).eval()
    found = read_torch(module, (6, 6, 2))
    assert [type(layer).__name__ for layer in found.layers] == [
        "Conv2D", "ReLU", "MaxPooling2D", "Flatten", "Dense", "LeakyReLU", "LogSoftmax",
    ]  # fmt: skip
    assert [layer.name for layer in found.layers][::4] == ["conv", "fc"]
    x = samples((6, 6, 2))
    with torch.no_grad():
        wanted = module(torch.tensor(x).permute(0, 3, 1, 2)).numpy()
    assert apart(sequential(found).predict(x), wanted) < AGREE


@pytest.mark.parametrize(
    "flat",
    [
        lambda x: x.view(x.size(0), -1),
        lambda x: x.view(x.shape[0], 12),
        lambda x: x.view(-1, 12),
        lambda x: x.reshape((x.size()[0], -1)),
        lambda x: x.flatten(1),
        lambda x: torch.flatten(x, start_dim=1),
    ],
)
def test_every_way_to_make_vectors_is_read(flat):
    assert kinds(Forward(lambda m, x: m.fc(flat(x)), fc=N.Linear(12, 2)), (2, 2, 3)) == ["Flatten", "Dense"]


@pytest.mark.parametrize(
    "last",
    [
        lambda m, x: m.rnn(x)[0][:, -1],
        lambda m, x: m.rnn(x)[0][:, -1, :],
        lambda m, x: m.rnn(x)[1][-1],
    ],
)
def test_the_last_step_is_a_layer_that_returns_its_last_state(last):
    module = Forward(last, rnn=N.GRU(3, 4, 2, batch_first=True)).eval()
    found = read_torch(module, (5, 3))
    assert [layer.return_sequences for layer in found.layers] == [True, False]
    x = samples((5, 3))
    with torch.no_grad():
        wanted = module(torch.tensor(x)).numpy()
    assert apart(sequential(found).predict(x), wanted) < AGREE


def test_a_recurrent_module_in_a_sequential_goes_on_with_its_sequences():
    assert kinds(N.Sequential(N.LSTM(3, 4, batch_first=True)), (5, 3)) == ["LSTM"]


def test_a_single_module_is_a_chain():
    assert kinds(N.Linear(3, 2), (3,)) == ["Dense"]


def test_both_biases_of_an_lstm_are_added_and_those_of_a_gru_kept():
    lstm, gru = N.LSTM(2, 3, batch_first=True), N.GRU(2, 3, batch_first=True)
    values = read_torch(lstm, (4, 2)).values
    assert np.array_equal(values[2], (lstm.bias_ih_l0 + lstm.bias_hh_l0).detach().numpy())
    assert read_torch(gru, (4, 2)).values[2].shape == (2, 9)


def test_settings_are_taken_over():
    bn, frozen = N.BatchNorm1d(4, eps=0.01, momentum=0.25), N.Linear(4, 2)
    frozen.requires_grad_(False)
    found = read_torch(N.Sequential(bn, N.Dropout(0.4), N.ELU(0.5), frozen), (4,)).layers
    assert (found[0].momentum, found[0].epsilon) == (0.75, 0.01)
    assert (found[1].rate, found[2].alpha) == (0.4, 0.5)
    assert [layer.trainable for layer in found] == [True, True, True, False]


def test_float64_stays_and_other_types_are_refused():
    assert read_torch(N.Linear(3, 2).double(), (3,)).dtype == "float64"
    for module in (N.Linear(3, 2).half(), N.Sequential(N.Linear(3, 2), N.Linear(2, 2).double())):
        with pytest.raises(DtypeError, match="float32"):
            read_torch(module, (3,))


def test_what_is_equal_but_for_the_order_of_axes_has_layers_too():
    whole = N.Sequential(N.Conv2d(2, 3, 3), N.LayerNorm((3, 4, 4), elementwise_affine=False), N.AdaptiveAvgPool2d(4))
    assert kinds(whole, (6, 6, 2)) == ["Conv2D", "GroupNormalization"]
    assert kinds(N.MaxPool2d(2, ceil_mode=True), (6, 6, 1)) == ["MaxPooling2D"]
    assert kinds(N.Sequential(N.Upsample(size=(8, 4))), (4, 4, 1)) == ["UpSampling2D"]


def test_modules_that_take_the_channels_last_are_read_behind_a_permute():
    parts = {"conv": N.Conv2d(2, 3, 3), "norm": N.LayerNorm(3), "fc": N.Linear(3, 4)}
    module = Forward(lambda m, x: m.fc(m.norm(m.conv(x).permute(0, 2, 3, 1))), **parts)
    found = read_torch(module, (6, 6, 2))
    assert [type(layer).__name__ for layer in found.layers] == ["Conv2D", "LayerNormalization", "TimeDistributed"]
    x = samples((6, 6, 2))
    with torch.no_grad():
        wanted = module(torch.tensor(x).permute(0, 3, 1, 2)).numpy()
    assert apart(sequential(found).predict(x), wanted) < AGREE


def test_everything_without_a_layer_is_told_at_once():
    module = N.Sequential(
        N.Conv2d(3, 4, 3, padding_mode="reflect"),
        N.PReLU(),
        N.Flatten(),
        N.Linear(5, 5),
        N.Hardswish(),
        N.Softplus(2.0),
    )
    with pytest.raises(ArgumentError) as error:
        read_torch(module, (6, 6, 3))
    lines = str(error.value).splitlines()
    assert "a Sequential has 4 parts that are none" in lines[0]
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "0 (Conv2d)", "1 (PReLU)", "4 (Hardswish)", "5 (Softplus)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("module", "shape", "message"),
    [
        (N.Linear(4, 2), (3,), "expected 4 features, received 3"),
        (N.Conv2d(3, 2, 3), (6, 6, 2), "expected 3 channels"),
        (N.Conv2d(3, 2, 9), (6, 6, 3), "Use a smaller window"),
        (N.Conv3d(3, 2, 3), (6, 6, 3), "there is no layer for it"),
        (N.MaxPool2d(2, dilation=2), (6, 6, 3), "dilation"),
        (N.MaxPool2d(4, 3, ceil_mode=True), (6, 6, 3), "ceil_mode=True"),
        (N.MaxPool2d(2, return_indices=True), (6, 6, 3), "return_indices"),
        (N.AvgPool2d(2, divisor_override=3), (6, 6, 3), "divisor_override"),
        (N.AdaptiveAvgPool2d(4), (6, 6, 3), "does not divide"),
        (N.BatchNorm1d(3, momentum=None), (3,), "momentum=None"),
        (N.BatchNorm1d(3, track_running_stats=False), (3,), "track_running_stats"),
        (N.LayerNorm((3, 4, 4)), (4, 4, 3), "a weight for each element"),
        (N.LSTM(3, 4), (5, 3), "batch_first=False"),
        (N.LSTM(3, 4, proj_size=2, batch_first=True), (5, 3), "proj_size=2"),
        (N.Embedding(5, 3, max_norm=1.0), (4,), "max_norm"),
        (N.Dropout(1.0), (4,), "rate must be"),
        (N.Softmax(2), (4, 4, 3), "not the axis of the channels"),
        (N.Upsample(scale_factor=1.5), (4, 4, 3), "only whole ones"),
        (N.Upsample(scale_factor=2, mode="bilinear", align_corners=True), (4, 4, 3), "align_corners"),
        (N.ZeroPad2d(-1), (4, 4, 3), "padding must be"),
        (N.Flatten(2), (4, 4, 3), "start_dim=2"),
        (
            N.Sequential(N.LSTM(3, 4, batch_first=True), N.Conv1d(4, 2, 3)),
            (5, 3),
            "channels first, received it features",
        ),
        (N.Sequential(N.Conv2d(2, 3, 3), N.Flatten()), (6, 6, 2), "Expected a Linear between"),
        (N.Sequential(N.Flatten(), N.GroupNorm(2, 12)), (2, 2, 3), "Expected a Linear between"),
        (N.Identity(), (3,), "at least one layer"),
        ("a path", (3,), "must be a torch.nn.Module"),
        (N.Linear(3, 2), 3, "input_shape must be the sizes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_the_same_here_is_refused(module, shape, message):
    with pytest.raises(ArgumentError) as error:
        read_torch(module, shape)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda m, x: m.a(x) + x, "it takes something else than the result of the part before"),
        (lambda m, x: (m.a(x), x), "a chain gives the result of its last part"),
        (lambda m, x: m.a(m.a(x)), "it is called twice"),
        (lambda m, x: m.a(x) if x.sum() > 0 else x, "without conditions"),
        (lambda m, x: m.a(x) * 2, "there is no layer for it"),
        (lambda m, x: m.a(x)[:, 0], "of all indexing only"),
        (lambda m, x: m.a(x).view(3, -1), "expected the batch axis to stay"),
        (lambda m, x: F.linear(x, m.a.weight), "it takes something else"),
        (lambda m, x: F.hardswish(m.a(x)), "there is no layer for it"),
    ],
)
def test_a_forward_pass_that_is_no_chain_is_refused(function, message):
    with pytest.raises(ArgumentError) as error:
        read_torch(Forward(function, a=N.Linear(3, 3)), (3,))
    assert message in str(error.value)


def test_classes_of_ones_own_and_hooks_are_not_taken_for_torchs():
    class Linear(N.Linear):
        def forward(self, x):
            return super().forward(x) + 1

    hooked = N.Linear(3, 2)
    hooked.register_forward_hook(lambda m, x, y: y + 1)
    normed = N.utils.parametrizations.weight_norm(N.Linear(3, 2))
    for module in (N.Sequential(Linear(3, 2)), N.Sequential(hooked), N.Sequential(normed)):
        with pytest.raises(ArgumentError, match=r"none:\n"):
            read_torch(module, (3,))


def test_bidirectional_layers_go_on_with_their_sequences_alone():
    lstm = N.LSTM(3, 4, batch_first=True, bidirectional=True)
    with pytest.raises(ArgumentError, match="backward half has read one step"):
        read_torch(Forward(lambda m, x: m.a(x)[0][:, -1], a=lstm), (5, 3))


def test_training_moves_neither_network_of_the_other():
    module = N.Sequential(N.Linear(3, 4), N.ReLU(), N.Linear(4, 1))
    model = sequential(read_torch(module, (3,)))
    before = [p.detach().clone() for p in module.parameters()]
    model.compile("sgd", "mse")
    model.fit(samples((3,), count=8), np.ones((8, 1), "f4"), epochs=1, verbose=0)
    assert all(torch.equal(p, kept) for p, kept in zip(module.parameters(), before, strict=True))
    assert isinstance(model, nn.Sequential)
