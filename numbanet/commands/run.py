"""The folder of a training: what is in it, and the model that other commands take from it.

config.toml: the configuration, with every default written out.
columns.json: what the columns of the data were, and the names of classes.
history.csv: loss and metrics, a line an epoch.
checkpoints: what `numbanet train --resume` goes on from.
best.safetensors: the model of the epoch with the least val_loss, where there is validation.
last.safetensors: the model at the end.
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ..callbacks.model_checkpoint import BEST
from ..checks import fail
from ..errors import FileError, MissingDependency
from ..io import atomic
from ..io.checkpoint import steps_saved
from ..io.strict_json import parse
from ..kernels._threads import MOST_THREADS, set_num_threads
from ..model import Sequential
from ..saving import load_model
from .data import Columns

MODEL = ".safetensors"


@dataclass(frozen=True)
class Run:
    """Such a folder."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def columns(self) -> Path:
        return self.folder / "columns.json"

    @property
    def history(self) -> Path:
        return self.folder / "history.csv"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def best(self) -> Path:
        return self.folder / BEST

    @property
    def last(self) -> Path:
        return self.folder / f"last{MODEL}"

    def begin(self, resume: bool, overwrite: bool, columns: Columns) -> None:
        """Make the folder. Raises FileError where it has a training that is neither to go on nor to be replaced.

        columns: of the data; a training that goes on must have had the same features, target and classes.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise FileError(f"{self.folder}: expected a folder for the training, and it is a file")
        there = self._results()
        if there and not resume and not overwrite:
            raise FileError(
                f"{self.folder}: has a training already. Go on with it by --resume, replace it by --overwrite, or take "
                f"another folder by --set training.output=FOLDER"
            )
        if resume and there and self.columns.is_file():  # else features would change places, or labels their meaning
            before = _columns(self.columns)
            for key in ("features", "target", "classes"):
                if getattr(before, key) != getattr(columns, key):
                    raise FileError(
                        f"{self.folder}: expected the {key} that its training began with, "
                        f"{getattr(before, key)!s:.300}. Received: {getattr(columns, key)!s:.300}"
                    )
            if before.samples != columns.samples:
                raise FileError(
                    f"{self.folder}: expected the samples that its training began with, cut into the same parts: the "
                    "data changed, or [data], the seed or the dtype. Take another folder: --set training.output=FOLDER"
                )
        self.folder.mkdir(parents=True, exist_ok=True)

    def clear(self) -> None:
        """Remove what a training left."""
        for path in self._results():
            path.unlink(missing_ok=True)

    def _results(self) -> list[Path]:
        known = [self.best, self.last, self.history, *sorted(self.checkpoints.glob(f"*{MODEL}"))]
        return [path for path in known if path.exists()]

    def write(self, config: str, columns: Columns) -> None:
        """The files that say what is trained, and on what."""
        atomic.write(self.config, [config.encode()])
        said = [f"{json.dumps(key)}: {json.dumps(v, ensure_ascii=False)}" for key, v in asdict(columns).items()]
        atomic.write(self.columns, ["{{\n  {}\n}}\n".format(",\n  ".join(said)).encode()])


@dataclass(frozen=True)
class Found:
    """A model, and what is known of the data that it learnt from."""

    path: Path
    model: Sequential
    columns: Columns
    run: Run | None  # None where the model's file is not in a training's folder


def find(given: str, device: str = "cpu") -> Found:
    """The model of a file, or of a training's folder: the best, else the last, else its newest checkpoint."""
    path = Path(given)
    if path.is_dir():
        path = _model_of(Run(path))
    run = next((Run(folder) for folder in (path.parent, path.parent.parent) if Run(folder).columns.is_file()), None)
    model = load_model(path, device)
    return Found(path, model, Columns() if run is None else _columns(run.columns), run)


def _model_of(run: Run) -> Path:
    choices = [run.best, run.last, *steps_saved(run.checkpoints).values()]
    found = next((path for path in choices if path.is_file()), None)
    if found is None:
        raise FileError(f"{run.folder}: expected a model file, or the folder of a training, which has {run.last.name}")
    return found


def _columns(path: Path) -> Columns:
    """What columns.json says. Raises FileError."""
    names = [f.name for f in fields(Columns)]
    try:
        found: Any = parse(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict) or set(found) != set(names):
            raise ValueError(f"expected {', '.join(names)}")
        lists = [found[name] for name in ("features", "target", "classes")]
        if any(v is not None and not (isinstance(v, list) and all(isinstance(t, str) for t in v)) for v in lists):
            raise ValueError("expected lists of names")
        if not all(isinstance(found[name], str) for name in ("delimiter", "x", "y", "samples")):
            raise ValueError("expected texts as delimiter, x, y and samples")
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise FileError(f"{path}: is damaged: {error!s:.300}") from None
    return Columns(**found)


def expect_writing() -> None:
    """Raises MissingDependency, before anything is trained, where a model could not be written."""
    if importlib.util.find_spec("safetensors") is None:
        raise MissingDependency(
            "Writing model files and checkpoints needs safetensors. Install it: pip install 'numbanet[files]'"
        )


def set_threads(owner: str, count: int | None) -> None:
    """So many threads; None leaves them. Raises ArgumentError."""
    if count is not None and not 1 <= count <= MOST_THREADS:
        fail(owner, "threads", f"from 1 to {MOST_THREADS} here (the environment's NUMBA_NUM_THREADS)", count)
    if count is not None:
        set_num_threads(count)
