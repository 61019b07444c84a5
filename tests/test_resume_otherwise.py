"""A training that goes on otherwise: other rates, fewer epochs, errors in hooks, savers and averages together."""

import numpy as np
import pytest

import numbanet as nn
from numbanet import callbacks, optimizers
from numbanet.callbacks import EarlyStopping, LambdaCallback, ModelCheckpoint
from tests.checkpoints import FIT, Stop, equal, stopped
from tests.models import LABELS, X, model


def test_another_learning_rate_is_taken_with_a_warning(tmp_path):
    model("sgd").fit(X, LABELS, **FIT | {"epochs": 1}, callbacks=[ModelCheckpoint(tmp_path)])
    m = model(optimizers.SGD(0.25))
    with pytest.warns(RuntimeWarning, match=r"began with learning_rate=0\.01. This one goes on with 0\.25") as warned:
        m.fit(X, LABELS, **FIT, callbacks=[ModelCheckpoint(tmp_path)], resume_from=tmp_path)
    assert m.optimizer.learning_rate == 0.25
    assert len(warned) == 1


def test_a_fit_of_fewer_epochs_takes_the_checkpoint_over(tmp_path):
    """Also one of the middle of an epoch."""
    first = stopped(model(), Stop("train_batch_end", 8), callbacks=[ModelCheckpoint(tmp_path)])
    late = model()
    history = late.fit(X, LABELS, **FIT | {"epochs": 1}, resume_from=tmp_path)
    assert equal(late.get_weights(), first.get_weights())
    assert (late.steps_trained, late.epochs_trained, history.epoch) == (8, 1, [0])


def test_fit_says_where_it_goes_on(tmp_path, capsys):
    said = FIT | {"verbose": 2}
    stopped(model(), Stop("train_batch_end", 8), callbacks=[ModelCheckpoint(tmp_path)], verbose=0)
    model().fit(X, LABELS, **said, callbacks=[ModelCheckpoint(tmp_path)], resume_from=tmp_path)
    assert f"fit goes on from {tmp_path / 'step-000000008.safetensors'}: epoch 2, batch 4\n" in capsys.readouterr().out
    model().fit(X, LABELS, **said, callbacks=[ModelCheckpoint(tmp_path)], resume_from=tmp_path)
    out = capsys.readouterr().out
    assert out.endswith("step-000000015.safetensors: 3 epochs, after which there is nothing left to train\n")


def test_a_stop_by_nan_is_resumed_at_its_batch(tmp_path):
    class Spoil(callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if self.model.steps_trained == 8:
                self.model.set_weights([w * np.float32(np.nan) for w in self.model.get_weights()])

    watching = [callbacks.TerminateOnNaN("stop"), ModelCheckpoint(tmp_path, every_steps=1)]
    with pytest.warns(RuntimeWarning, match="fit ends: step 9"):
        model().fit(X, LABELS, **FIT, callbacks=[Spoil(), *watching])
    again, other = model(), model()
    again.fit(X, LABELS, **FIT, callbacks=watching, resume_from=tmp_path)
    other.fit(X, LABELS, **FIT)
    assert equal(again.get_weights(), other.get_weights())


def test_two_savers_judge_before_either_writes(tmp_path):
    values = iter([1.0, 3.0, 0.5, 0.8])

    def note(epoch, logs):
        logs["v"] = next(values)

    def savers():
        best = ModelCheckpoint(tmp_path / "best", monitor="v", mode="min", save_best_only=True)
        return [LambdaCallback(on_epoch_end=note), ModelCheckpoint(tmp_path / "all"), best]

    model().fit(X, LABELS, **FIT, callbacks=savers())
    kept = (tmp_path / "best" / "best.safetensors").read_bytes()
    model().fit(X, LABELS, **FIT | {"epochs": 4}, callbacks=savers(), resume_from=tmp_path / "all")
    assert (tmp_path / "best" / "best.safetensors").read_bytes() == kept


def test_an_error_at_ctrl_c_keeps_the_others_and_ctrl_c(tmp_path):
    def fail():
        raise ValueError("mine")

    rude = callbacks.Callback()
    rude.on_interrupt = fail
    stopped(model(), Stop("train_batch_end", 8), callbacks=[rude, ModelCheckpoint(tmp_path)])
    assert (tmp_path / "step-000000008.safetensors").is_file()


@pytest.mark.parametrize("hook", ["on_test_begin", "on_test_end"])
def test_an_error_in_a_test_hook_leaves_the_weights_and_not_their_average(hook):
    def fail(logs=None):
        raise ValueError("mine")

    a, b = (model(optimizers.SGD(0.1, use_ema=True)) for _ in range(2))
    rude = callbacks.Callback()
    setattr(rude, hook, fail)
    with pytest.raises(ValueError, match="mine"):
        a.fit(X, LABELS, **FIT, validation_data=(X, LABELS), callbacks=[rude, callbacks.SwapEMAWeights()])
    for start in range(0, len(X), 5):
        order = nn.random.permutation(len(X), 0, nn.random.SHUFFLE, 0)[start : start + 5]
        b.train_on_batch(X[order], LABELS[order])
    assert equal(a.get_weights(), b.get_weights())


def test_the_best_by_the_average_is_the_average(tmp_path):
    m = model(optimizers.SGD(0.5, use_ema=True, ema_momentum=0.8))
    early = EarlyStopping("val_loss", patience=9, restore_best_weights=True)
    data = X[:9], LABELS[:9]
    watching = [callbacks.SwapEMAWeights(), early, ModelCheckpoint(tmp_path, monitor="val_loss")]
    history = m.fit(X, LABELS, **FIT, validation_data=data, callbacks=watching).history["val_loss"]
    assert early.best == min(history)
    assert m.evaluate(*data, batch_size=5)["loss"] == early.best
    best = nn.load_model(tmp_path / "best.safetensors")
    assert best.evaluate(*data, batch_size=5)["loss"] == early.best


def test_a_fit_of_no_epochs_leaves_the_weights():
    m = model(optimizers.SGD(use_ema=True))
    m.fit(X, LABELS, **FIT)
    weights = [w + np.float32(1) for w in m.get_weights()]
    m.set_weights(weights)
    m.fit(X, LABELS, **FIT | {"epochs": 1, "initial_epoch": 1})
    assert equal(m.get_weights(), weights)


def test_the_history_keeps_values_with_their_epochs_where_validation_ends(tmp_path):
    validated = {"validation_data": (X, LABELS)}
    model().fit(X, LABELS, **FIT | {"epochs": 2}, **validated, callbacks=[ModelCheckpoint(tmp_path)])
    m = model()
    history = m.fit(X, LABELS, **FIT | {"epochs": 4}, callbacks=[ModelCheckpoint(tmp_path)], resume_from=tmp_path)
    lines = history.to_csv(tmp_path / "log.csv").read_text().splitlines()
    place = lines[0].split(",").index("val_loss")
    assert [line.split(",")[place] == "NA" for line in lines[1:]] == [False, False, True, True]


def test_a_checkpoint_that_a_callback_writes_after_validation_has_the_weights_that_are_trained(tmp_path):
    def make():
        return model(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9))

    def fit(m, *more, epochs=3, **options):
        watching = [callbacks.SwapEMAWeights(), *more]
        m.fit(X, LABELS, **FIT | {"epochs": epochs}, validation_data=(X, LABELS), callbacks=watching, **options)
        return m

    a, b = make(), make()
    fit(a)
    fit(b, LambdaCallback(on_epoch_end=lambda epoch, logs: b.save_checkpoint(tmp_path / f"{epoch}")), epochs=1)
    again = fit(make(), resume_from=tmp_path / "0")
    assert equal(a.get_weights(), again.get_weights())
