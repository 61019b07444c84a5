"""What remains of a fit: the model's history, and a warning where the loss was not finite."""

import numpy as np
import pytest

from numbanet import optimizers
from numbanet.callbacks import Callback, TerminateOnNaN
from tests.models import LABELS, X, model


@pytest.mark.compiled
def test_a_loss_that_is_nan_is_seen():
    m, going_on = model(optimizers.SGD(1e38)), [TerminateOnNaN("ignore")]
    with pytest.warns(RuntimeWarning, match="fit: the loss is .* after epoch 1. Lower the learning rate") as warned:
        losses = m.fit(X, LABELS, 5, epochs=3, verbose=0, callbacks=going_on).history["loss"]
    assert len(losses) == 3
    assert np.isnan(losses[-1])
    assert not np.isfinite(losses).any()
    assert [w.filename for w in warned] == [__file__], "once, and where the user called fit"
    with pytest.warns(RuntimeWarning, match="after epoch 1") as warned:
        m.fit(X, LABELS, 5, epochs=2, verbose=0, callbacks=going_on)
    assert len(warned) == 1, "another fit says it again"


def test_the_warning_names_the_epoch_that_diverged():
    class Spoils(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                self.model.set_weights([w * np.float32(np.inf if w.ndim == 1 else 1) + 1 for w in weights])

    m = model()
    weights = [np.ones_like(w) for w in m.get_weights()]
    watching = [Spoils(), TerminateOnNaN("ignore")]
    # in plain Python the loops are numpy's scalars, which warn of inf - inf themselves
    with np.errstate(invalid="ignore"), pytest.warns(RuntimeWarning, match="after epoch 3") as warned:
        losses = m.fit(X, LABELS, epochs=4, callbacks=watching, verbose=0).history["loss"]
    assert np.isfinite(losses).tolist() == [True, True, False, False]
    assert len(warned) == 1


def test_the_model_keeps_the_history_of_its_last_fit():
    m = model()
    assert m.history is None
    first = m.fit(X, LABELS, epochs=2, verbose=0)
    assert m.history is first
    m.evaluate(X, LABELS)
    m.predict(X)
    assert m.history is first
    second = m.fit(X, LABELS, epochs=1, verbose=0)
    assert m.history is second
    assert (first.epoch, second.epoch) == ([0, 1], [0])


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_train_batch_end", "on_epoch_end"])
def test_the_history_of_an_interrupted_fit_has_its_finished_epochs(hook, error):
    def stop(self, at, logs=None):
        if len(self.model.history.epoch) == (3 if hook == "on_epoch_end" else 2):
            raise error

    a, b = model(), model()
    before = a.fit(X, LABELS, epochs=1, verbose=0)
    b.fit(X, LABELS, epochs=1, verbose=0)
    with pytest.raises(error):
        a.fit(X, LABELS, 5, epochs=9, callbacks=[type("Stops", (Callback,), {hook: stop})()], verbose=0)
    expected = b.fit(X, LABELS, 5, epochs=3 if hook == "on_epoch_end" else 2, verbose=0)
    assert a.history is not before
    assert a.history.epoch == expected.epoch
    assert a.history.history == expected.history
