import numpy as np
import pytest

from numbanet import layers, optimizers
from numbanet.callbacks import Callback, LayerStatistics
from numbanet.callbacks.layer_statistics import statistics
from numbanet.errors import ArgumentError, StateError
from tests.callbacks.series import begun, stored
from tests.models import LABELS, X, model

PARAMETERS = ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]


class Keeps(Callback):
    """The weights and gradients after each step."""

    def __init__(self):
        self.weights, self.gradients = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.weights.append(dict(zip(self.model.weight_names, self.model.get_weights(), strict=True)))
        self.gradients.append(self.model.last_gradients())


def test_statistics_of_an_array():
    a = np.array([[3.0, 0.0], [0.0, -4.0]], "float32")
    assert statistics(a) == (-0.25, pytest.approx(np.std([3, 0, 0, -4])), 5.0, 4.0, 0.5)
    mean, std, norm, largest, zeros = statistics(np.array([np.nan, 0.0, 1.0, np.inf], "float32"))
    assert np.isnan([mean, std, norm, largest]).all()
    assert zeros == 0.25
    assert statistics(np.array([1e30, -np.inf], "float32"))[2:] == (np.inf, np.inf, 0.0)


@pytest.mark.parametrize(
    ("every", "taken"), [(None, [(0, 2), (1, 4)]), (1, [(0, 1), (0, 2), (1, 3), (1, 4)]), (3, [(1, 3)])]
)
def test_the_table_has_every_parameter_at_every_time(every, taken):
    found, keeps = LayerStatistics(every), Keeps()
    model("adam").fit(X, LABELS, 11, 2, validation_data=(X, LABELS), callbacks=[found, keeps], verbose=0)
    assert [(row["epoch"], row["step"], row["parameter"]) for row in found.history] == [
        (*at, name) for at in taken for name in PARAMETERS
    ]
    for row in found.history:
        for kind, kept in (("weight", keeps.weights), ("gradient", keeps.gradients)):
            a = kept[row["step"] - 1][row["parameter"]].astype(float)
            assert np.any(a)
            assert [row[f"{kind}_{name}"] for name in ("mean", "std", "norm", "max", "zeros")] == pytest.approx(
                [a.mean(), a.std(), np.linalg.norm(a), np.abs(a).max(), np.mean(a == 0)]
            )


def test_the_gradient_is_the_one_that_the_step_used():
    m, keeps = model(optimizers.SGD(0.5)), Keeps()
    before = dict(zip(m.weight_names, m.get_weights(), strict=True))
    _, expected = m.gradients(X, LABELS)
    m.fit(X, LABELS, len(X), 1, shuffle=False, callbacks=[keeps], verbose=0)
    for (name, gradient), g in zip(keeps.gradients[0].items(), expected, strict=True):
        assert np.array_equal(gradient, g)
        assert keeps.weights[0][name] == pytest.approx(before[name] - 0.5 * gradient, abs=1e-6)


def test_a_clipped_gradient_has_its_limit_as_norm():
    found = LayerStatistics()
    model(optimizers.SGD(global_clipnorm=1e-3)).fit(X, LABELS, 11, 1, callbacks=[found], verbose=0)
    assert np.sqrt(sum(row["gradient_norm"] ** 2 for row in found.history)) == pytest.approx(1e-3, rel=1e-5)


def test_parameters_that_are_not_trained_are_left_out():
    m, found = model(build=False), LayerStatistics()
    m.add(layers.BatchNormalization())
    m.fit(X, LABELS, 11, 1, callbacks=[found], verbose=0)
    names = [row["parameter"] for row in found.history]
    assert names == [*PARAMETERS, "batch_normalization/gamma", "batch_normalization/beta"]


def test_it_prints_a_table(capsys):
    model().fit(X, LABELS, 11, 1, callbacks=[LayerStatistics(verbose=True)], verbose=0)
    head, names, *rows = capsys.readouterr().out.splitlines()
    assert head == "epoch 1, step 2"
    assert names.split() == ["mean", "std", "norm", "max", "zeros"]
    assert [row.split()[:2] for row in rows] == [[n, kind] for n in PARAMETERS for kind in ("weight", "gradient")]
    assert len({len(row) for row in (names, *rows)}) == 1, "aligned"


def test_its_state_goes_on_with_the_table():
    whole = LayerStatistics(every=3)
    model().fit(X, LABELS, 11, 4, callbacks=[whole], verbose=0)
    m, first, second = model(), LayerStatistics(every=3), LayerStatistics(every=3)
    m.fit(X, LABELS, 11, 2, callbacks=[first], verbose=0)
    state = stored(first.get_state())

    class Resumes(Callback):
        def on_train_begin(self, logs=None):
            second.set_state(state)

    m.fit(X, LABELS, 11, 2, callbacks=[second, Resumes()], verbose=0)
    for row in second.history[4:]:
        row["epoch"] += 2  # this fit counts from 0
    assert second.history == whole.history
    fresh = begun(LayerStatistics(), m, stored(begun(LayerStatistics(), m).get_state()))
    assert fresh.history == []


def test_what_it_refuses():
    with pytest.raises(ArgumentError, match="LayerStatistics: every must be a positive integer"):
        LayerStatistics(0)
    with pytest.raises(ArgumentError, match="LayerStatistics: verbose must be True or False"):
        LayerStatistics(verbose=2)
    with pytest.raises(StateError, match="last_gradients"):
        model(build=False).last_gradients()
