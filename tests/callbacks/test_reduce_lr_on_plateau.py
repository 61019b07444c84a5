"""ReduceLROnPlateau: the decisions of Keras on recorded series, and of PyTorch."""

import pytest

from numbanet import optimizers, schedules
from numbanet.callbacks import ReduceLROnPlateau
from numbanet.errors import ArgumentError
from tests.callbacks.series import Model, begun, recorded, stored
from tests.models import LABELS, X, model


def rates(mode, values, options, cut=None):
    """The learning rate after each epoch; with a cut, a callback with the other's state goes on."""
    m, found = Model(), []
    callback = begun(ReduceLROnPlateau("score", mode=mode, **options), m)
    for epoch, value in enumerate(values):
        if epoch == cut:
            fresh = ReduceLROnPlateau("score", mode=mode, **options)
            callback = begun(fresh, m, stored(callback.get_state()))
        logs = {"score": value}
        callback.on_epoch_end(epoch, logs)
        assert logs["learning_rate"] == (found[-1] if found else 1.0), "the one that the epoch had"
        found.append(m.optimizer.learning_rate)
    return found


def changes(found):
    return [[epoch, rate] for epoch, rate in enumerate(found) if rate != [1.0, *found][epoch]]


def test_it_decides_as_keras_on_recorded_series():
    count = 0
    for *case, decision in recorded("reduce_lr_on_plateau"):
        found = changes(rates(*case))
        assert [epoch for epoch, _ in found] == [epoch for epoch, _ in decision]
        # Keras keeps the rate in float32
        assert [rate for _, rate in found] == pytest.approx([rate for _, rate in decision], rel=1e-6)
        count += len(found)
    assert count > 500


@pytest.mark.parametrize("cut", [1, 6, 11, 17])
def test_its_state_carries_every_decision_over_a_break(cut):
    for *case, _ in recorded("reduce_lr_on_plateau"):
        assert rates(*case, cut=cut) == rates(*case)


@pytest.mark.parametrize("leading", [[], [float("nan")] * 3])
def test_it_decides_as_pytorch(leading):
    """PyTorch waits for one epoch more, and its cooldown of c epochs is Keras's of c + 1."""
    torch = pytest.importorskip("torch")
    for mode, values, options, _ in recorded("reduce_lr_on_plateau"):
        sgd = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
            sgd,
            mode,
            options.get("factor", 0.1),
            max(options["patience"], 1) - 1,
            options.get("min_delta", 1e-4),
            "abs",
            max(options.get("cooldown", 0), 1) - 1,
            options.get("min_lr", 0.0),
            eps=0.0,
        )
        expected = []
        for value in leading + values:
            scheduler.step(value)
            expected.append(sgd.param_groups[0]["lr"])
        assert rates(mode, leading + values, options) == pytest.approx(expected, rel=1e-12)


def test_it_lowers_the_rate_of_a_fit(capsys):
    m = model(optimizers.SGD(0.5))
    callback = ReduceLROnPlateau("accuracy", 0.5, 1, mode="max", min_delta=2.0, min_lr=0.2, verbose=1)
    m.fit(X, LABELS, 11, 4, callbacks=[callback], verbose=0)
    assert m.optimizer.learning_rate == 0.2
    assert capsys.readouterr().out == "".join(
        f"epoch {epoch}: ReduceLROnPlateau sets the learning rate to {rate}\n" for epoch, rate in ((2, 0.25), (3, 0.2))
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"factor": 1.0}, "factor must be a number from 0 to 1"),
        ({"factor": 0.0}, "factor must be above 0"),
        ({"patience": -1}, "patience"),
        ({"cooldown": 0.5}, "cooldown"),
        ({"min_lr": -1}, "min_lr"),
        ({"min_delta": -1}, "min_delta"),
        ({"mode": "up"}, "mode must be one of auto, max, min"),
    ],
)
def test_what_it_refuses(options, words):
    with pytest.raises(ArgumentError, match=f"^ReduceLROnPlateau: {words}"):
        ReduceLROnPlateau(**options)


def test_it_refuses_a_schedule_before_anything_is_trained():
    m = model(optimizers.SGD(schedules.ExponentialDecay(0.1, 10, 0.5)))
    with pytest.raises(ArgumentError, match="ReduceLROnPlateau: expected an optimizer whose learning_rate is a number"):
        m.fit(X, LABELS, callbacks=[ReduceLROnPlateau("loss")], verbose=0)
    assert m.epochs_trained == 0


def test_it_wants_a_validation_for_its_default_monitor():
    with pytest.raises(ArgumentError, match="ReduceLROnPlateau: monitor 'val_loss' needs validation_data"):
        model().fit(X, LABELS, callbacks=[ReduceLROnPlateau()], verbose=0)
