"""Models that torch.onnx wrote, against what torch computes."""

import io

import numpy as np
import pytest

pytest.importorskip("onnx")
torch = pytest.importorskip("torch")

import onnx  # noqa: E402
from torch import nn  # noqa: E402

from numbanet.io.onnx.reading import read_onnx  # noqa: E402
from tests.io.onnx.node_tests import ours, run  # noqa: E402

pytestmark = [pytest.mark.compiled, pytest.mark.filterwarnings("ignore")]  # torch's own, while it exports


class Block(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.way = nn.Sequential(
            nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(), nn.Conv2d(b, b, 3, 1, 1),
            nn.BatchNorm2d(b),
        )  # fmt: skip
        self.round = nn.Identity() if a == b else nn.Sequential(nn.Conv2d(a, b, 1, stride), nn.BatchNorm2d(b))

    def forward(self, x):
        return torch.relu(self.way(x) + self.round(x))


class Recurrent(nn.Module):
    """A recurrent layer and a linear one on all its outputs, on their last or on their mean."""

    def __init__(self, kind, end, **options):
        super().__init__()
        self.layer, self.end = kind(6, 5, batch_first=True, **options), end
        self.linear = nn.Linear(10 if options.get("bidirectional") else 5, 3)

    def forward(self, x):
        y, _ = self.layer(x)
        return self.linear({"all": y, "last": y[:, -1], "mean": y.mean(1)}[self.end])


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.layer, self.linear = nn.Embedding(20, 6), nn.GRU(6, 5, batch_first=True), nn.Linear(5, 2)

    def forward(self, x):
        return self.linear(self.layer(self.table(x))[0][:, -1])


class Mixer(nn.Module):
    def __init__(self):
        super().__init__()
        self.way = nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))

    def forward(self, x):
        return x + self.way(x)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Linear(10, 128), nn.BatchNorm1d(128), nn.ReLU())
        self.then = nn.Sequential(
            nn.ConvTranspose2d(8, 4, 4, 2, 1), nn.ReLU(), nn.Conv2d(4, 3, 3, padding=1), nn.Tanh()
        )

    def forward(self, x):
        return self.then(self.first(x).view(-1, 8, 4, 4))


class Video(nn.Module):
    def __init__(self):
        super().__init__()
        self.images = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
        self.steps = nn.LSTM(36, 5, batch_first=True)

    def forward(self, x):
        return self.steps(self.images(x.reshape(-1, 2, 8, 8)).reshape(-1, 3, 36))[0][:, -1]


MODELS = {
    "mlp": (lambda: nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4), nn.Softmax(-1)), (5, 8)),
    "activations": (
        lambda: nn.Sequential(
            nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 8), nn.SiLU(), nn.Linear(8, 8), nn.Mish(), nn.Linear(8, 8),
            nn.GELU("tanh"), nn.Linear(8, 8), nn.Hardsigmoid(), nn.ELU(0.5), nn.ReLU6(), nn.Softplus(), nn.Softsign(),
            nn.SELU(), nn.Hardtanh(), nn.PReLU(), nn.CELU(0.7), nn.LogSoftmax(1),
        ),
        (5, 8),
    ),
    "cnn": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 12, 3, groups=2),
            nn.BatchNorm2d(12), nn.LeakyReLU(0.1), nn.AvgPool2d(2), nn.Flatten(), nn.Dropout(0.3), nn.Linear(108, 10),
        ),
        (2, 3, 16, 16),
    ),
    "norms": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.GroupNorm(4, 8), nn.ReLU6(), nn.AvgPool2d(3, 2, 1),
            nn.InstanceNorm2d(8, affine=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3),
        ),
        (2, 3, 14, 14),
    ),
    "depthwise": (
        lambda: nn.Sequential(
            nn.ZeroPad2d((1, 2, 0, 1)), nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 3, 2, 1, groups=8, bias=False),
            nn.BatchNorm2d(8), nn.ReLU6(), nn.Upsample(scale_factor=2),
            nn.ConvTranspose2d(8, 3, 3, 2, 1, 1), nn.Sigmoid(),
        ),
        (2, 3, 8, 8),
    ),
    "resnet": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 8, 3, 1, 1), Block(8, 8, 1), Block(8, 16, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Linear(16, 10),
        ),
        (2, 3, 8, 8),
    ),
    "sequence": (
        lambda: nn.Sequential(
            nn.Conv1d(4, 8, 3, padding=2, dilation=2), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(8, 8, 3, groups=8), nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(8, 2),
        ),
        (2, 4, 16),
    ),
    "lstm": (lambda: Recurrent(nn.LSTM, "last"), (2, 7, 6)),
    "two lstms, both ways": (lambda: Recurrent(nn.LSTM, "all", bidirectional=True, num_layers=2), (2, 7, 6)),
    "gru, both ways": (lambda: Recurrent(nn.GRU, "mean", bidirectional=True), (2, 7, 6)),
    "rnn": (lambda: Recurrent(nn.RNN, "last"), (2, 7, 6)),
    "words": (Words, None),
    "mixer": (lambda: nn.Sequential(Mixer(), Mixer(), nn.Linear(8, 2)), (2, 5, 8)),
    "generator": (Generator, (2, 10)),
    "video": (Video, (2, 3, 2, 8, 8)),
    "float64": (lambda: nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1)).double(), (5, 8)),
}  # fmt: skip


def exported(model, x, opset):
    file = io.BytesIO()
    dynamic = {"x": {0: "n"}}
    torch.onnx.export(model, (x,), file, dynamo=False, opset_version=opset, input_names=["x"], dynamic_axes=dynamic)
    return onnx.load_from_string(file.getvalue())


@pytest.mark.parametrize(
    "opset", [17, pytest.param(12, marks=pytest.mark.slow), pytest.param(20, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("name", MODELS)
def test_what_torch_exports_computes_the_same(name, opset):
    make, shape = MODELS[name]
    torch.manual_seed(0)
    model = make()
    for part in model.modules():
        if getattr(part, "running_mean", None) is not None:
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
    model.eval()
    kind = torch.float64 if name == "float64" else torch.float32
    x = torch.randint(0, 20, (3, 7)) if shape is None else torch.randn(shape, dtype=kind)
    c = read_onnx(exported(model, x, opset))
    y, found = model(x).detach().numpy(), run(c, x.numpy())
    np.testing.assert_allclose(found, ours(y, c.output_axes, found.shape[1:]), rtol=1e-5, atol=1e-5)
