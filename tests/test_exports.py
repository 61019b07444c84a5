"""model.export, and the doors of what it writes; the formats have tests of their own in tests/io."""

import numpy as np
import pytest

import numbanet as nn
from numbanet.errors import ArgumentError, StateError

X = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


@pytest.fixture
def model():
    model = nn.Sequential([nn.layers.Dense(3, activation="tanh"), nn.layers.Dense(2)], seed=1, name="two")
    model.build((4,))
    return model


def test_the_ending_says_the_format(model, tmp_path):
    for name, words in {"net.py": "import numpy", "net.c": "two_predict"}.items():
        model.export(tmp_path / name)
        assert words in (tmp_path / name).read_text()
    pytest.importorskip("onnx")
    model.export(tmp_path / "net.onnx")
    again = nn.from_onnx(tmp_path / "net.onnx")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_another_ending_is_refused_and_writes_nothing(model, tmp_path):
    with pytest.raises(ArgumentError, match=r"export: the path's ending must be one of \.c, \.onnx, \.py"):
        model.export(tmp_path / "net.tflite")
    assert not list(tmp_path.iterdir())


def test_only_onnx_files_have_a_type_to_choose(model, tmp_path):
    with pytest.raises(ArgumentError, match=r"dtype must be None for \.c, which has the model's own type"):
        model.export(tmp_path / "net.c", dtype="float64")
    assert not list(tmp_path.iterdir())


def test_a_model_that_is_not_built_has_nothing_to_export(tmp_path):
    model = nn.Sequential([nn.layers.Dense(2)])
    with pytest.raises(StateError, match="export: expected a model that is built"):
        model.export(tmp_path / "net.py")
    pytest.importorskip("torch")
    with pytest.raises(StateError, match="to_torch_state_dict"):
        model.to_torch_state_dict()


def test_a_state_dict_goes_there_and_back(model):
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 2))
    module.load_state_dict(model.to_torch_state_dict())
    np.testing.assert_allclose(module(torch.tensor(X)).detach().numpy(), model.predict(X), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(nn.from_torch(module, (4,)).predict(X), model.predict(X))
    before = model.predict(X)
    model.set_weights([a * 0 for a in model.get_weights()])
    assert nn.from_torch(module.state_dict(), model=model) is model
    np.testing.assert_array_equal(model.predict(X), before)


def test_what_says_no_layers_needs_a_model(model, tmp_path):
    torch = pytest.importorskip("torch")
    linear = torch.nn.Linear(4, 2)
    with pytest.raises(
        ArgumentError, match="from_torch: model is needed, because a state_dict does not say its layers"
    ):
        nn.from_torch(linear.state_dict())
    with pytest.raises(ArgumentError, match="from_torch: input_shape is needed"):
        nn.from_torch(linear)
    with pytest.raises(ArgumentError, match="from_torch: model must be None"):
        nn.from_torch(linear, (4,), model=model)
    with pytest.raises(ArgumentError, match="from_keras: model is needed, because a file of weights does not say"):
        nn.from_keras(tmp_path / "net.weights.h5")
