"""Twenty networks of torch: read, compared, written back, changed here, loaded there, and read again."""

from typing import NamedTuple

import numpy as np
import pytest

from numbanet.io.torch import fill_from_state_dict, read_torch, torch_state_dict

from .round_trips import AGREE, apart, randomized, same_bits, samples, sequential

torch = pytest.importorskip("torch")
F, N = torch.nn.functional, torch.nn


class Case(NamedTuple):
    """A network. shape: of samples here. axes: of torch's batches among ours, where they differ; back: of outputs."""

    module: object
    shape: tuple
    axes: tuple = ()
    back: tuple = ()
    indices: int = 0


IMAGES, SEQUENCES = (0, 3, 1, 2), (0, 2, 1)


class LeNet(N.Module):
    """Functions between modules, also to make vectors."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = N.Conv2d(1, 4, 5, padding=2), N.Conv2d(4, 6, 3)
        self.fc1, self.fc2 = N.Linear(6 * 2 * 2, 10), N.Linear(10, 5)

    def forward(self, x):
        x = F.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.dropout(x.reshape(x.shape[0], -1), 0.5, training=self.training)
        return F.log_softmax(self.fc2(F.relu(self.fc1(x))), dim=1)


class Words(N.Module):
    """The last state of the last of two layers."""

    def __init__(self):
        super().__init__()
        self.embedding, self.lstm = N.Embedding(11, 4), N.LSTM(4, 5, 2, batch_first=True, dropout=0.2)
        self.fc = N.Linear(5, 3)

    def forward(self, x):
        _, (h, _) = self.lstm(self.embedding(x))
        return self.fc(h[-1])


class Signal(N.Module):
    """Convolutions over time, and then a recurrent layer, for which the axes change places."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = N.Conv1d(3, 6, 3, padding=1), N.BatchNorm1d(6)
        self.gru, self.fc = N.GRU(6, 4, batch_first=True), N.Linear(4, 2)

    def forward(self, x):
        x = F.max_pool1d(F.silu(self.norm(self.conv(x))), 2).permute(0, 2, 1)
        y, _ = self.gru(x)
        return self.fc(y[:, -1])


# fmt: off
CASES = {
    "perceptron": Case(N.Sequential(N.Linear(6, 8), N.ReLU(), N.Linear(8, 3), N.Softmax(1)), (6,)),
    "perceptron without biases": Case(N.Sequential(N.Linear(6, 8, bias=False), N.Tanh(), N.Linear(8, 3)), (6,)),
    "activations": Case(
        N.Sequential(
            N.Linear(5, 9), N.LeakyReLU(0.1), N.ELU(0.7), N.SELU(), N.GELU(), N.GELU("tanh"), N.Linear(9, 9),
            N.Softplus(), N.Softsign(), N.SiLU(), N.Mish(), N.Hardsigmoid(), N.Sigmoid(), N.Linear(9, 4),
            N.LogSoftmax(-1),
        ),
        (5,),
    ),
    "normalised perceptron": Case(
        N.Sequential(
            N.Linear(6, 8), N.BatchNorm1d(8), N.ReLU(), N.Dropout(0.3), N.Linear(8, 8), N.LayerNorm(8), N.Linear(8, 3),
        ),
        (6,),
    ),
    "nested": Case(
        N.Sequential(N.Sequential(N.Linear(4, 7), N.ReLU()), N.Identity(), N.Sequential(N.Linear(7, 2))), (4,),
    ),
    "convolution and flatten": Case(
        N.Sequential(
            N.Conv2d(3, 8, 3, padding=1), N.BatchNorm2d(8), N.ReLU(), N.MaxPool2d(2), N.Dropout2d(0.2), N.Flatten(),
            N.BatchNorm1d(72), N.Linear(72, 5),
        ),
        (6, 6, 3), IMAGES,
    ),
    "LeNet with functions": Case(LeNet(), (12, 12, 1), IMAGES),
    "groups and dilation": Case(
        N.Sequential(
            N.Conv2d(4, 8, 3, padding="same", dilation=2, groups=2), N.ReLU(),
            N.Conv2d(8, 6, (3, 1), (2, 1), (1, 0), bias=False),
        ),
        (7, 5, 4), IMAGES, (0, 2, 3, 1),
    ),
    "separable": Case(
        N.Sequential(
            N.ZeroPad2d((1, 0, 2, 1)), N.Conv2d(3, 6, 3, groups=3), N.ReLU(), N.Conv2d(6, 4, 1),
            N.AdaptiveAvgPool2d(1), N.Flatten(), N.Linear(4, 2),
        ),
        (6, 6, 3), IMAGES,
    ),
    "pooling": Case(
        N.Sequential(
            N.AvgPool2d(3, 2, 1), N.AvgPool2d(2, 1, 1, count_include_pad=False), N.MaxPool2d(3, 2, 1),
            N.AdaptiveMaxPool2d((1, 3)), N.Flatten(), N.Linear(6, 4),
        ),
        (8, 9, 2), IMAGES,
    ),
    "decoder": Case(
        N.Sequential(
            N.Linear(5, 24), N.BatchNorm1d(24), N.ReLU(), N.Unflatten(1, (6, 2, 2)),
            N.ConvTranspose2d(6, 4, 3, 2, 1, 1), N.ReLU(), N.Upsample(scale_factor=2),
            N.ConvTranspose2d(4, 2, 3, padding=1, groups=2, dilation=1), N.Sigmoid(),
        ),
        (5,), (), (0, 2, 3, 1),
    ),
    "autoencoder": Case(
        N.Sequential(
            N.Conv2d(1, 3, 3, 2, 1), N.ReLU(), N.Flatten(), N.Linear(48, 6), N.Tanh(), N.Linear(6, 48), N.ReLU(),
            N.Unflatten(1, (3, 4, 4)), N.Upsample(scale_factor=2, mode="bilinear"), N.Conv2d(3, 1, 3, padding=1),
        ),
        (8, 8, 1), IMAGES, (0, 2, 3, 1),
    ),
    "group normalisation": Case(
        N.Sequential(
            N.Conv2d(3, 8, 3), N.GroupNorm(4, 8), N.GELU(), N.AdaptiveAvgPool2d((2, 2)), N.Flatten(), N.Linear(32, 3),
        ),
        (6, 6, 3), IMAGES,
    ),
    "convolution over time": Case(
        N.Sequential(
            N.ZeroPad1d((2, 0)), N.Conv1d(4, 8, 3, dilation=1), N.ReLU(), N.Dropout1d(0.1), N.MaxPool1d(2),
            N.Conv1d(8, 6, 3, groups=2), N.AvgPool1d(2), N.Flatten(), N.Linear(12, 3),
        ),
        (12, 4), SEQUENCES,
    ),
    "convolution and the mean over time": Case(
        N.Sequential(
            N.Conv1d(3, 6, 3, padding="same"), N.BatchNorm1d(6), N.ELU(), N.AdaptiveAvgPool1d(1), N.Flatten(),
            N.Linear(6, 2),
        ),
        (9, 3), SEQUENCES,
    ),
    "RNN over every step": Case(N.Sequential(N.RNN(4, 6, 2, nonlinearity="relu", batch_first=True)), (7, 4)),
    "LSTM of words": Case(Words(), (7,), indices=11),
    "bidirectional LSTM": Case(
        N.Sequential(N.Embedding(9, 4), N.LSTM(4, 3, 2, batch_first=True, bidirectional=True)), (6,), indices=9,
    ),
    "GRU after a convolution": Case(Signal(), (10, 3), SEQUENCES),
    "a layer for each step": Case(
        N.Sequential(
            N.LayerNorm(4), N.Linear(4, 6), N.GELU(), N.Linear(6, 3), N.Softmax(-1), N.Flatten(), N.Linear(15, 2),
        ),
        (5, 4),
    ),
}
# fmt: on


def prepared(module, seed=0):
    """Other values in all tensors; the second biases of RNN and LSTM are zero, because they are added to the first."""
    tensors = {name: t for name, t in module.state_dict().items() if not name.endswith("num_batches_tracked")}
    values = randomized([t.numpy() for t in tensors.values()], seed)
    changed = {name: torch.tensor(v) for name, v in zip(tensors, values, strict=True)}
    lstm = any(isinstance(m, N.RNN | N.LSTM) for m in module.modules())
    changed |= {name: torch.zeros_like(t) for name, t in changed.items() if lstm and "bias_hh" in name}
    module.load_state_dict(changed, strict=False)
    return module.eval()


def theirs(case, x):
    """What torch computes, with the channels last."""
    given = torch.tensor(x)
    with torch.no_grad():
        y = case.module(given.permute(case.axes).contiguous() if case.axes else given)
    y = y[0] if isinstance(y, tuple) else y
    return (y.permute(case.back) if case.back else y).numpy()


@pytest.mark.parametrize("name", CASES)
def test_a_network_of_torch_gives_the_same_here_and_back_there(name):
    case = CASES[name]
    x, module = samples(case.shape, case.indices), prepared(case.module)
    model = sequential(read_torch(module, case.shape))
    assert apart(model.predict(x), theirs(case, x)) < AGREE

    before = {key: t.clone() for key, t in module.state_dict().items()}
    written = torch_state_dict(model._network, like=module)
    assert list(written) == list(before)
    assert all(written[key].dtype == t.dtype and torch.equal(written[key], t) for key, t in before.items())

    changed = randomized(model.get_weights(), seed=5)
    model.set_weights(changed)
    module.load_state_dict(torch_state_dict(model._network, like=module))
    assert apart(model.predict(x), theirs(case, x)) < AGREE
    assert same_bits(fill_from_state_dict(model._network, module.state_dict()), changed)
    assert same_bits(read_torch(module, case.shape).values, changed)


def test_there_are_twenty_networks():
    assert len(CASES) == 20


def test_weights_are_copies():
    module = N.Sequential(N.Linear(3, 2))
    model = sequential(read_torch(module, (3,)))
    before = module[0].weight.detach().clone()
    model.set_weights([np.zeros((3, 2), "f4"), np.zeros(2, "f4")])
    assert torch.equal(module[0].weight, before)
