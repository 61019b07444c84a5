"""CIFAR-10 and CIFAR-100: 60,000 colour photographs of 32x32 pixels, from their archives or from the web.

The binary version is read: records of one label, or a coarse and a fine one, and 3,072 bytes of a picture, its red
plane, then green, then blue. The SHA-256 of the archives are those that MLDatasets.jl, GoMLX and red-datasets agree on;
the publisher's page states an MD5 of each.

Source: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..checks import choice
from ..errors import ArgumentError, DataError
from .download import File, Source
from .idx import GZIP

Arrays = tuple[tuple[Any, Any], tuple[Any, Any]]

PIXELS = 3 * 32 * 32
MOST_RECORDS = 60_000  # in one file: no more is read of an archive that says it has
PUBLISHED = ("https://www.cs.toronto.edu/~kriz/",)
SOURCES = {
    "cifar10": Source(
        PUBLISHED,
        (
            File(
                "cifar-10-binary.tar.gz",
                170_052_171,
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            ),
        ),
    ),
    "cifar100": Source(
        PUBLISHED,
        (
            File(
                "cifar-100-binary.tar.gz",
                168_513_733,
                "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
            ),
        ),
    ),
}


@dataclass(frozen=True)
class Layout:
    """What an archive holds: its folder, the files for training and for testing, and the classes of each label."""

    folder: str
    train: tuple[str, ...]
    test: str
    classes: tuple[int, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.train, self.test)

    @property
    def record(self) -> int:
        """Bytes of one record."""
        return len(self.classes) + PIXELS


LAYOUTS = {
    "cifar10": Layout(
        "cifar-10-batches-bin", tuple(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin", (10,)
    ),
    "cifar100": Layout("cifar-100-binary", ("train.bin",), "test.bin", (20, 100)),
}


def load_cifar10(path: str | os.PathLike[str] | None = None, mirror: str | None = None) -> Arrays:
    """Photographs of ten kinds: ((x_train, y_train), (x_test, y_test)), 50,000 and 10,000 of them.

    x is (N, 32, 32, 3) float32 from 0 to 1, red, green and blue, y (N,) int64 from 0 to 9: what a model takes.
    Classes: 0 airplane, 1 automobile, 2 bird, 3 cat, 4 deer, 5 dog, 6 frog, 7 horse, 8 ship, 9 truck.

    path: the binary version's archive, cifar-10-binary.tar.gz, which is read and not unpacked, or a folder with its
    .bin files. Without a path the archive (170 MB) is downloaded, checked by its SHA-256, and kept in
    $NUMBANET_DATA_DIR or the platform's cache folder.

    mirror: the web folder to download from; without it $NUMBANET_DATA_MIRROR/cifar10, or where it is published.

    Takes 740 MB of memory, and 350 MB more while it loads. Raises DataError where the files are not there or not what
    they should be, and DownloadError.

    Source: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
    """
    return _load("cifar10", path, mirror, label=0)


def load_cifar100(
    path: str | os.PathLike[str] | None = None, mirror: str | None = None, label_mode: str = "fine"
) -> Arrays:
    """Photographs of a hundred kinds, in the form and from the kinds of files that `load_cifar10` has.

    label_mode: "fine" for labels from 0 to 99, or "coarse" for the 20 kinds that five of those share each. Both are
    in the order of their names in the archive's fine_label_names.txt and coarse_label_names.txt.
    """
    mode = choice("load_cifar100", "label_mode", label_mode, ("coarse", "fine"))
    return _load("cifar100", path, mirror, label=("coarse", "fine").index(mode))


def _load(name: str, path: str | os.PathLike[str] | None, mirror: str | None, label: int) -> Arrays:
    owner, layout = f"load_{name}", LAYOUTS[name]
    if path is None:
        source = SOURCES[name]
        (content,) = source.fetch(name, mirror)
        return _two(owner, layout, _members(owner, layout, io.BytesIO(content), source.files[0].name), label)
    if mirror is not None:
        raise ArgumentError(f"{owner}: expected a path or a mirror, received both")
    path = Path(path)
    if path.is_dir():
        folder = path / layout.folder if (path / layout.folder).is_dir() else path
        return _two(owner, layout, {file: _read(owner, folder, file) for file in layout.names}, label)
    if path.is_file():
        with path.open("rb") as opened:
            return _two(owner, layout, _members(owner, layout, opened, str(path)), label)
    raise DataError(
        f"{owner}: expected the archive {SOURCES[name].files[0].name} or a folder with its .bin files, "
        f"received no such file or folder: {path}"
    )


def _read(owner: str, folder: Path, file: str) -> bytes:
    try:
        return (folder / file).read_bytes()
    except FileNotFoundError:
        raise DataError(f"{owner}: expected a file {file} in {folder}, found none. {_binary(owner)}") from None


def _binary(owner: str) -> str:
    return f"{owner} reads the binary version, not Python's or Matlab's."


def _members(owner: str, layout: Layout, opened: IO[bytes], source: str) -> dict[str, bytes]:
    """The .bin files in an archive. Only these are looked at, in memory: nothing is unpacked to the disk."""
    known = {f"{folder}{file}": file for file in layout.names for folder in ("", "./", f"{layout.folder}/")}
    found: dict[str, bytes] = {}
    try:
        zipped = opened.read(2) == GZIP
        opened.seek(0)
        unpacked: Any = gzip.GzipFile(fileobj=opened) if zipped else opened
        with tarfile.open(fileobj=unpacked, mode="r|") as archive:
            for member in archive:
                file = known.get(member.name)
                if file is None:
                    continue
                content = archive.extractfile(member) if member.isreg() and file not in found else None
                if content is None or member.size > MOST_RECORDS * layout.record:
                    raise DataError(
                        f"{owner}: {source}: expected {member.name} to be one file of at most {MOST_RECORDS:,} records"
                    )
                found[file] = content.read()
        while unpacked.read(2**20):  # to the end, where gzip's checksum is
            pass
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise DataError(f"{owner}: {source} is not a whole .tar.gz archive: {error}. Fetch it again.") from None
    if missing := [file for file in layout.names if file not in found]:
        raise DataError(f"{owner}: {source}: expected the files {', '.join(missing)} in it. {_binary(owner)}")
    return found


def _two(owner: str, layout: Layout, contents: Mapping[str, bytes], label: int) -> Arrays:
    """Pictures and labels for training and for testing, as a model takes them."""
    return (
        _one(owner, layout, {file: contents[file] for file in layout.train}, label),
        _one(owner, layout, {layout.test: contents[layout.test]}, label),
    )


def _one(owner: str, layout: Layout, contents: Mapping[str, bytes], label: int) -> tuple[Any, Any]:
    count = sum(_records(owner, layout, file, len(content)) for file, content in contents.items())
    x, y = np.empty((count, 32, 32, 3), np.float32), np.empty(count, np.int64)
    begin = 0
    for file, content in contents.items():
        records = np.frombuffer(content, np.uint8).reshape(-1, layout.record)
        rows = slice(begin, begin := begin + len(records))
        for place, classes in enumerate(layout.classes):
            if records[:, place].max() >= classes:
                raise DataError(
                    f"{owner}: expected labels from 0 to {classes - 1} in {file}, received {records[:, place].max()}"
                )
        y[rows] = records[:, label]
        planes = records[:, len(layout.classes) :].reshape(-1, 3, 32, 32)
        np.divide(planes.transpose(0, 2, 3, 1), np.float32(255), out=x[rows])
    return x, y


def _records(owner: str, layout: Layout, file: str, size: int) -> int:
    """The records in a file of so many bytes."""
    if not size or size % layout.record:
        raise DataError(
            f"{owner}: expected records of {layout.record:,} bytes in {file}, received {size:,} bytes. {_binary(owner)}"
        )
    return size // layout.record
