"""Checkpoint files: what is in them, which are refused, and that a refused one changes nothing."""

import copy
import json
import random
import warnings

import numpy as np
import pytest

import numbanet as nn
from numbanet import layers, losses, metrics, optimizers, schedules
from numbanet.callbacks import Callback, CSVLogger, EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from numbanet.errors import ArgumentError, FileError, NonFiniteError, StateError
from numbanet.io.checkpoint import file_name, read_checkpoint, write_checkpoint
from numbanet.io.tensors import read_tensors, write_tensors
from tests.checkpoints import FIT, Stop, equal, everything, stopped
from tests.io.hostile import WILD, architecture, places
from tests.io.parts import join, split
from tests.models import LABELS, X, model, refuses


def make(optimizer=None, **options):
    options = {"dropout": 0.3, "metrics": ["accuracy", metrics.ConfusionMatrix(3)]} | options
    return model(optimizer or optimizers.Adam(use_ema=True, gradient_accumulation_steps=2), **options)


def watchers(folder):
    early = EarlyStopping("loss", patience=9, restore_best_weights=True)
    return [early, ReduceLROnPlateau("loss"), CSVLogger(folder / "log.csv"), ModelCheckpoint(folder / "files", "loss")]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The checkpoint of a training that was stopped in its second epoch."""
    folder = tmp_path_factory.mktemp("stopped")
    stopped(make(), Stop("train_batch_end", 8), callbacks=watchers(folder))
    return folder / "files" / file_name(8)


def load(path, m=None):
    m = m or make()
    m.load_checkpoint(path)
    return m


def untouched(m, action, error):
    """The message of the error; whatever the action tried, the model is as it was."""
    before = everything(m) if m.built else None
    with pytest.raises(error) as caught:
        action(m)
    assert m.built == (before is not None)
    if before:
        assert equal(before | {"history": None}, everything(m) | {"history": None})
    return str(caught.value)


# --- what is in it


def test_nothing_of_a_state_is_lost(tmp_path):
    state = {
        "epochs_trained": 0,
        "training": None,
        "a": np.arange(6.0).reshape(2, 3),
        "b": [np.zeros((0, 2), "float32"), np.array(np.inf), {"tensor": np.array([True])}, [1, None, "x", True, 0.1]],
        "b/0": np.arange(3),
        "": {"/": np.array([2], "uint8"), "ü": []},
    }
    m = make()
    write_checkpoint(tmp_path / "file", "name", m._network, m._chosen, state)
    weights, found = read_checkpoint(tmp_path / "file", "another name", m._network, m._chosen)
    assert equal(state, found)
    assert equal([weights[name] for name in m.weight_names], m.get_weights())


@pytest.mark.parametrize("value", [object(), float("nan"), {1, 2}, {3: 4}, {"tensor": "x"}, np.zeros(2, "complex64")])
def test_a_state_that_a_file_cannot_hold_is_refused(value, tmp_path):
    class Keeps(Callback):
        def get_state(self):
            return {"value": value}

    with pytest.raises(ArgumentError):
        make().fit(X, LABELS, callbacks=[Keeps(), ModelCheckpoint(tmp_path)], **FIT)
    assert list(tmp_path.iterdir()) == []


def test_the_same_training_writes_the_same_bytes(tmp_path, file):
    stopped(make(), Stop("train_batch_end", 8), callbacks=watchers(tmp_path))
    assert (tmp_path / "files" / file_name(8)).read_bytes() == file.read_bytes()


def test_a_checkpoint_needs_a_model_that_is_compiled(tmp_path, file):
    m = nn.Sequential([layers.Dense(2)])
    for built in (False, True):
        if built:
            m.build((4,))
        for method in (m.save_checkpoint, m.load_checkpoint):
            with pytest.raises(StateError, match="compile"):
                method(file)
    unbuilt = make(build=False)
    with pytest.raises(StateError, match="compile"):
        unbuilt.save_checkpoint(tmp_path / "file")


# --- another model's


ADAM = {"use_ema": True, "gradient_accumulation_steps": 2}
OTHERS = {
    "seed is 0, this model has 1": lambda: make(seed=1),
    "dtype is 'float32', this model has 'float64'": lambda: make(dtype="float64"),
    "layers[1] (Dropout 'dropout') rate is 0.3, this model has 0.2": lambda: make(dropout=0.2),
    "layers[1] is Dropout 'dropout', this model has Dense 'dense_1'": lambda: make(dropout=0.0),
    "optimizer.beta_1 is 0.9, this model has 0.8": lambda: make(optimizers.Adam(beta_1=0.8, **ADAM)),
    "optimizer is Adam, this model has AdamW": lambda: make(optimizers.AdamW(**ADAM)),
    "optimizer.learning_rate is 'a number', this model has CosineDecay": lambda: make(
        optimizers.Adam(schedules.CosineDecay(0.1, 5), **ADAM)
    ),
    "metrics[1] is ConfusionMatrix 'confusion_matrix', this model has none": lambda: make(metrics=["accuracy"]),
}


@pytest.mark.parametrize("what", OTHERS)
def test_the_checkpoint_of_another_model_is_refused(what, file):
    message = ""
    for action in (lambda m: m.load_checkpoint(file), lambda m: m.fit(X, LABELS, resume_from=file, **FIT)):
        if what.startswith("dtype") and message:
            break  # fit would compile for float64
        message = untouched(OTHERS[what](), action, ArgumentError)
        assert message.endswith(f"{file}: is a checkpoint of another model: {what}")


def test_another_loss_is_refused_and_another_learning_rate_or_name_is_not(file):
    m = make()
    m.compile(m.optimizer, losses.SparseCategoricalCrossentropy(from_logits=False), m.metrics)
    message = untouched(m, lambda m: m.load_checkpoint(file), ArgumentError)
    assert "model: loss.from_logits is True, this model has False" in message
    m = make(optimizers.Adam(0.5, **ADAM))
    m.name = "other"
    with pytest.warns(RuntimeWarning, match=r"began with learning_rate=0\.001. This one goes on with 0\.5"):
        load(file, m)
    assert m.optimizer.learning_rate == 0.5


def test_a_model_that_is_not_built_stays_so_where_the_checkpoint_is_refused(file):
    untouched(make(build=False, seed=1), lambda m: m.load_checkpoint(file), ArgumentError)
    assert load(file, make(build=False)).steps_trained == 8


def test_a_model_file_is_no_checkpoint(tmp_path):
    m = make()
    m.save(tmp_path / "model")
    assert "of kind 'model'" in untouched(m, lambda m: m.load_checkpoint(tmp_path / "model"), FileError)
    untouched(m, lambda m: m.load_checkpoint(tmp_path / "none"), FileError)
    refuses(lambda: m.load_checkpoint(3), "load_checkpoint", "path")


# --- damaged, and hostile


def test_every_damaged_file_is_refused(tmp_path, file):
    r, content, m, path = random.Random(0), file.read_bytes(), make(), tmp_path / "file"
    for k in range(60):
        changed = bytearray(content)
        changed[r.randrange(len(content))] ^= 1 << r.randrange(8)
        path.write_bytes(changed if k % 2 else content[: r.randrange(len(content))])
        untouched(m, lambda m: m.load_checkpoint(path), FileError)


def altered(content, change):
    """A checkpoint with another state, and a digest that is right. change: of (state, tensors)."""
    tensors, metadata = read_tensors(content)
    state = json.loads(tensors.pop("state").tobytes())
    state = change(state, tensors) or state
    tensors["state"] = np.frombuffer(json.dumps(state).encode(), np.uint8)
    return tensors, metadata


def judge(path, folder):
    """What comes of resuming from a file that may be hostile."""
    m = make()
    before = everything(m) | {"history": None}
    *callbacks, saver = watchers(folder)
    saver.every_epochs = None  # and so no later steps for the next one
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for words in ("the checkpoint is of a training that began with", "fit goes on with"):
                warnings.filterwarnings("ignore", words)  # it may have been another one
            m.fit(X, LABELS, callbacks=[*callbacks, saver], resume_from=path, **FIT)
    except (FileError, ArgumentError) as error:
        if "must have a column for learning_rate" in str(error):  # which another callback adds at the epoch's end
            return "trained"
        if isinstance(error, ArgumentError) and "resume_from" not in str(error):
            return f"WRONG: {error!r}"
        return type(error).__name__ if equal(before, everything(m) | {"history": None}) else "WRONG: a changed model"
    except NonFiniteError:  # a learning rate of 1e308 is one
        return "trained"
    except Exception as error:
        return f"WRONG: {error!r}"
    return "trained"


def sweep(seed, count, file, tmp_path):
    """What came of so many altered states, one value each."""
    found = []
    for number in range(count):
        r = random.Random(f"{seed} {number}")

        def change(state, tensors, r=r):
            container, key = r.choice(places(state))
            container[key] = copy.deepcopy(r.choice(WILD))

        def replace(state, tensors, r=r):
            name = r.choice([name for name in tensors if name.startswith("state/")])
            a = tensors[name]
            tensors[name] = r.choice((a.reshape(-1)[:0], a.astype("uint8"), a[None], np.array(a).astype(bool)))

        kind = r.choice((change, change, replace))
        try:
            write_tensors(tmp_path / "altered", *altered(file, kind))
        except (ArgumentError, UnicodeEncodeError):
            continue
        outcome = judge(tmp_path / "altered", tmp_path)
        assert not outcome.startswith("WRONG"), (number, outcome)
        found.append(outcome)
    return found


def test_altered_states_are_refused_and_change_nothing(file, tmp_path):
    found = sweep(0, 60, file, tmp_path)
    assert found.count("FileError") > 20


@pytest.mark.slow
def test_many_altered_states_are_refused_and_change_nothing(file, tmp_path):
    sweep(1, 500, file, tmp_path)


def test_nothing_of_a_refused_state_is_left_where_the_file_before_is_taken(file, tmp_path):
    """The newer one is refused after its fit's state was read; the older one has none."""
    tensors, metadata = altered(file, lambda state, tensors: state["moments"]["mean"].popitem())
    write_tensors(tmp_path / file_name(9), tensors, metadata)
    load(file).save_checkpoint(tmp_path / file_name(8))
    m = make()
    with pytest.warns(RuntimeWarning, match="goes on from the checkpoint before"):
        history = m.fit(X, LABELS, resume_from=tmp_path, **FIT)
    assert history.epoch == [0, 1, 2]
    assert m.steps_trained == 23


HOSTILE = {
    "no epoch": lambda state, tensors: state["training"].pop("epoch"),
    "a negative batch": lambda state, tensors: state["training"].update(batch=-1),
    "no callbacks": lambda state, tensors: state["training"].update(callbacks=None),
    "one metric less": lambda state, tensors: state["training"]["results"].pop(),
    "a count too large": lambda state, tensors: state.update(iteration=2**63),
    "no rate": lambda state, tensors: state.update(learning_rate=None),
    "a list": lambda state, tensors: [],
    "a moment less": lambda state, tensors: state["moments"]["mean"].popitem(),
    "other weights of the best epoch": lambda state, tensors: tensors.update(
        {name: a[:1] for name, a in tensors.items() if name.endswith("weights/0")}
    ),
    "an array that is not there": lambda state, tensors: state["training"]["results"][0].update(tensor="x"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_states_that_mean_harm_are_refused(what, file, tmp_path):
    def change(state, tensors):
        found = HOSTILE[what](state, tensors)
        return found if isinstance(found, list) and not found else None

    tensors, metadata = altered(file, change)
    if what == "a list":
        tensors["state"] = np.frombuffer(b"[]", np.uint8)
    write_tensors(tmp_path / "altered", tensors, metadata)
    assert judge(tmp_path / "altered", tmp_path) == "FileError"


def test_architectures_that_mean_harm_are_refused(file, tmp_path):
    """As the metadata of the model in a checkpoint."""
    m = make()
    m.save(tmp_path / "model")
    content, m = (tmp_path / "model").read_bytes(), make()
    tensors, _ = read_tensors(file)
    for number in range(40):
        changed = architecture(random.Random(number), content, content)
        header, _ = split(changed)
        said = json.loads(header["__metadata__"]["numbanet"])["metadata"]
        try:
            write_tensors(tmp_path / "altered", tensors, {"kind": "checkpoint", "model": said, "validated": "weights"})
        except ArgumentError:  # what no file holds
            (tmp_path / "altered").write_bytes(join(*split(changed)))
        untouched(m, lambda m: m.load_checkpoint(tmp_path / "altered"), (FileError, ArgumentError))
