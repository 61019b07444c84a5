"""Arrays by name in an .npz file, of which nothing is unpickled."""

from __future__ import annotations

import os
import pickle
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import near_miss
from ..errors import ArgumentError, DataError, FileError
from ..io.tensors import path_text


def load_npz(path: str | os.PathLike[str], x: str = "x", y: str | None = "y") -> Any:
    """Samples from an .npz file as it has them: (x, y), or x where y is None. x, y: the names of its arrays.

    Raises FileError where the file cannot be read, DataError where it is no .npz file of plain arrays or has not as
    many y as x, and ArgumentError for a name that is not there.
    """
    source = path_text("load_npz", path)
    try:
        is_archive = zipfile.is_zipfile(source)
        with open(source, "rb"):
            pass
    except OSError as error:
        raise FileError(f"{source}: cannot be read: {error.strerror or error}") from error
    if not is_archive:
        raise DataError(f"load_npz: expected an .npz file, as np.savez writes it, received another file: {source}")
    wanted = [name for name in (x, y) if name is not None]
    arrays, names = read_npz("load_npz", Path(source), wanted)
    for name in wanted:
        if name not in arrays:
            raise ArgumentError(
                f"load_npz: {source} has the arrays {', '.join(names)}. Received: {name!r}.{near_miss(name, names)}"
            )
    if y is None:
        return arrays[x]
    counts = [arrays[name].shape[:1] for name in wanted]
    if counts[0] != counts[1] or not counts[0]:
        raise DataError(
            f"load_npz: {source}: expected as many samples in {x} and {y}, "
            f"received shapes {arrays[x].shape} and {arrays[y].shape}"
        )
    return arrays[x], arrays[y]


def read_npz(owner: str, path: Path, wanted: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """Those of the wanted arrays that are there, and the names of all. Raises DataError."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in wanted if name in file}, list(file)
    except (ValueError, OSError, EOFError, KeyError, pickle.PickleError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{owner}: {path} is not an .npz file of plain arrays: {error}") from None
