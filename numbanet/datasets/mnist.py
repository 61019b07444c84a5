"""MNIST and Fashion-MNIST: 70,000 images of 28x28 pixels in ten classes each, from files or from the web."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import data
from ..errors import ArgumentError, DataError
from .download import File, Source
from .idx import load_idx, parse
from .npz import read_npz

Arrays = tuple[tuple[Any, Any], tuple[Any, Any]]

PARTS = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
NAMES = ("x_train", "y_train", "x_test", "y_test")  # in Keras's mnist.npz
TEST = 0.2  # of a file that has no test images of its own: drawn with seed 0, each class in proportion


def _files(*sizes_and_digests: tuple[int, str]) -> tuple[File, ...]:
    return tuple(File(f"{part}.gz", *known) for part, known in zip(PARTS, sizes_and_digests, strict=True))


SOURCES = {
    "mnist": Source(
        ("https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/"),
        _files(
            (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
        ),
    ),
    "fashion_mnist": Source(
        (
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
        ),
        _files(
            (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
        ),
    ),
}


def load_mnist(path: str | os.PathLike[str] | None = None, mirror: str | None = None) -> Arrays:
    """Handwritten digits: ((x_train, y_train), (x_test, y_test)), 60,000 and 10,000 of them.

    x is (N, 28, 28, 1) float32 from 0 to 1, y (N,) int64 from 0 to 9: what a model takes.

    path: a folder with the four IDX files, gzipped or not, or an .npz file with x_train, y_train, x_test and y_test
    (as Keras has it) or with x and y alone. Of the latter a fifth becomes the test images, the same at every call and
    of each class its share. Without a path the files are downloaded, checked by their SHA-256, and kept in
    $NUMBANET_DATA_DIR or the platform's cache folder.

    mirror: the web folder to download them from; without it $NUMBANET_DATA_MIRROR/mnist, or where they are published.

    Raises DataError where the files are not there or not what they should be, and DownloadError.

    Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits, 1998.
    """
    return _load("mnist", path, mirror)


def load_fashion_mnist(path: str | os.PathLike[str] | None = None, mirror: str | None = None) -> Arrays:
    """Pictures of clothing, in the form and from the kinds of files that `load_mnist` has.

    Classes: 0 T-shirt/top, 1 trouser, 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag, 9 ankle boot.

    Source: H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, 2017, arXiv:1708.07747 (MIT licence).
    """
    return _load("fashion_mnist", path, mirror)


def _load(name: str, path: str | os.PathLike[str] | None, mirror: str | None) -> Arrays:
    owner = f"load_{name}"
    if path is None:
        source = SOURCES[name]
        contents = source.fetch(name, mirror)
        arrays = [parse(content, file.name) for content, file in zip(contents, source.files, strict=True)]
        return _two(owner, arrays, PARTS)
    if mirror is not None:
        raise ArgumentError(f"{owner}: expected a path or a mirror, received both")
    path = Path(path)
    if path.is_dir():
        return _two(owner, [load_idx(_find(owner, path, part)) for part in PARTS], PARTS)
    if path.is_file() and zipfile.is_zipfile(path):
        return _from_npz(owner, path)
    received = "another file" if path.is_file() else "no such file or folder"
    raise DataError(f"{owner}: expected a folder with the four IDX files or an .npz file, received {received}: {path}")


def _find(owner: str, folder: Path, part: str) -> Path:
    """The file of this part, under the names that are about: with a dot before idx, and with or without .gz."""
    dotted = part.replace("-idx", ".idx")
    for name in (part, f"{part}.gz", dotted, f"{dotted}.gz"):
        if (folder / name).is_file():
            return folder / name
    raise DataError(f"{owner}: expected a file {part} or {part}.gz in {folder}, found none")


def _from_npz(owner: str, path: Path) -> Arrays:
    found, _ = read_npz(owner, path, (*NAMES, "x", "y"))
    names, arrays = list(found), list(found.values())
    if names == ["x", "y"]:
        x, y = _one(owner, *arrays, *names)
        train, test = data.split(y, TEST, seed=0)
        return (x[train], y[train]), (x[test], y[test])
    if names[:4] != list(NAMES):
        raise DataError(f"{owner}: expected arrays {', '.join(NAMES)}, or x and y, in {path}. Received: {names}")
    return _two(owner, arrays[:4], NAMES)


def _two(owner: str, arrays: Sequence[Any], names: Sequence[str]) -> Arrays:
    return _one(owner, *arrays[:2], *names[:2]), _one(owner, *arrays[2:], *names[2:])


def _one(owner: str, x: Any, y: Any, x_name: str, y_name: str) -> tuple[Any, Any]:
    """Images and labels as a model takes them, checked."""
    if x.dtype != np.uint8 or x.ndim != 3 or x.shape[1:] != (28, 28):
        raise DataError(f"{owner}: expected {x_name} of shape (N, 28, 28) and uint8, received {x.shape} and {x.dtype}")
    if y.dtype.kind not in "iu" or y.shape != x.shape[:1]:
        raise DataError(f"{owner}: expected {y_name} of {len(x)} integers, received shape {y.shape} and {y.dtype}")
    if not len(y) or y.min() < 0 or y.max() > 9:
        raise DataError(f"{owner}: expected labels from 0 to 9 in {y_name}, received {np.unique(y)[:20]}")
    return (x / np.float32(255))[..., None], y.astype(np.int64)
