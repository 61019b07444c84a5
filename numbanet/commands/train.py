"""`numbanet train config.toml`: from a file of settings and data to a model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..callbacks import Callback, CSVLogger, ModelCheckpoint
from ..errors import ArgumentError, FileError, NumbanetError
from ..model import Sequential
from ..saving import load_model
from . import configuration, data
from .building import build, load
from .configuration import Configuration
from .results import lines
from .run import Run, expect_writing, set_threads

SHARDS = 8  # of a batch, where several processes train and the configuration does not say


def run(options: argparse.Namespace) -> None:
    """Train, and write what there is to keep."""
    if options.resume and options.overwrite:
        raise ArgumentError("train: at most one of --resume and --overwrite")
    config = configuration.read(options.config, options.set)
    expect_writing()
    set_threads(f"{config.path}: [training]", config.training["threads"])
    found = load(config)
    model = build(config, found)
    trainer, leads = _trainer(model, config.training["shards"])
    if leads:
        _say_data(found)
        model.summary()
    if options.dry_run:
        return
    place = Run(Path(config.training["output"]))
    if leads:
        print(flush=True)
        place.begin(options.resume, options.overwrite, found.columns)
    begin = _Begin(place, config.text(_names(model, config)), found.columns, options.overwrite)
    _fit(trainer, config, found, place, options, begin)
    if leads:
        _finish(model, config, found, place)


class _Begin(Callback):
    """Replaces what the folder has when fit has checked data and checkpoint: a typo costs no earlier training."""

    on_every_rank = False

    def __init__(self, place: Run, config: str, columns: data.Columns, overwrite: bool) -> None:
        self.place, self.config, self.columns, self.overwrite = place, config, columns, overwrite

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self.overwrite:
            self.place.clear()
        self.place.write(self.config, self.columns)


def _trainer(model: Sequential, shards: int | None) -> tuple[Any, bool]:
    """What fits the model, with all processes where mpiexec started several; and whether this one writes and speaks."""
    from ..distributed import DataParallel, launched

    if shards is None and not launched():
        return model, True
    parallel = DataParallel(model, shards or SHARDS)
    return parallel, parallel.rank == 0


def _finish(model: Sequential, config: Configuration, found: data.Data, place: Run) -> None:
    """The files of the models, and what the best makes of the samples that were held back for testing."""
    model.save(place.last)
    written = [place.last]
    best = place.checkpoints / place.best.name
    if found.validation is not None and best.is_file():
        load_model(best).save(place.best)
        written.insert(0, place.best)
    if found.test is not None:
        chosen = load_model(written[0], config.training["device"])
        print("\n".join(lines(chosen.evaluate(*found.test), f"test, {len(found.test[0])} samples")))
    print("\n".join(f"written: {path}" for path in [*written, place.history, place.config]), flush=True)


def _say_data(found: data.Data) -> None:
    parts = {"to train on": found.train, "to validate on": found.validation, "to test on": found.test}
    counts = [f"{len(p[0])} {name}" for name, p in parts.items() if p is not None]
    print(f"{', '.join(counts)}", end="")
    print(f"; classes: {', '.join(found.columns.classes)}\n" if found.columns.classes else "\n")


def _names(model: Sequential, config: Configuration) -> list[str]:
    """The names of the layers that the configuration has; below them there may be one that standardises."""
    return [str(layer.name) for layer in model.layers[-len(config.model["layers"]) :]]


def _fit(
    trainer: Any, config: Configuration, found: data.Data, place: Run, options: argparse.Namespace, begin: _Begin
) -> None:
    training = config.training
    saver = ModelCheckpoint(
        place.checkpoints,
        monitor="val_loss" if found.validation is not None else None,
        every_epochs=training["checkpoint_every"],
        keep=training["keep_checkpoints"],
    )
    try:
        trainer.fit(
            *found.train,
            batch_size=training["batch_size"],
            epochs=training["epochs"],
            shuffle=training["shuffle"],
            validation_data=found.validation,
            callbacks=[*config.make_callbacks(), begin, CSVLogger(place.history), saver],
            resume_from=place.checkpoints if options.resume else None,
            verbose=0 if options.quiet else "auto",
        )
    except OSError as error:
        if isinstance(error, NumbanetError | BrokenPipeError) or error.filename:
            raise
        raise FileError(f"{place.folder}: cannot be written: {error.strerror or error}") from error
