"""HDF5 files of strangers: nothing that points outside of the file, and no array that is larger than its bytes in it.

HDF5 can do much that Keras does not use: links to other files and arrays whose bytes lie in others, arrays made of
others, compression, and space that was never written. All of it is refused, so that reading takes no more memory than
the file has bytes. Where texts lie, in global heaps, a damaged length would keep HDF5 busy for ever; those are walked
through first. Source: HDF5 File Format Specification 3.0, section III.E.
"""

from __future__ import annotations

import io
import math
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...errors import MissingDependency
from .flow import Stored

HEAP = b"GCOL\x01\0\0\0"  # its signature and version


def h5py(owner: str) -> Any:
    """The package. Raises MissingDependency where it is not installed."""
    try:
        import h5py as library
    except ImportError:
        raise MissingDependency(f"{owner} of a file needs h5py. Install it: pip install 'numbanet[keras]'") from None
    return library


@contextmanager
def opened(source: str | bytes) -> Iterator[Group]:
    """The root of a file, given by its path or by its content. Raises ValueError where its heaps are damaged."""
    library = h5py("from_keras")
    if isinstance(source, bytes):
        expect_sound_heaps(source)
    elif os.stat(source).st_size:
        with open(source, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            expect_sound_heaps(content)
    with library.File(io.BytesIO(source) if isinstance(source, bytes) else source, "r") as file:
        yield Group(library, file)


def expect_sound_heaps(content: Any) -> None:
    """Raises ValueError where the parts of a global heap do not fill it."""
    place = content.find(HEAP)
    while place >= 0:
        size, at = _number(content, place + 8), 16
        sound = place + size <= len(content)
        while sound and size - at >= 16:
            length = _number(content, place + at + 8)
            if content[place + at : place + at + 2] == b"\0\0":  # what is free, up to the end
                sound, at = at + length == size, size
            else:
                at += -(-length // 8) * 8 + 16
        if not sound or at > size:
            raise ValueError(f"expected texts in {size} bytes at byte {place}, found them damaged")
        place = content.find(HEAP, place + 8)


def _number(content: Any, place: int) -> int:
    return int.from_bytes(content[place : place + 8], "little")


class Group:
    """A group of a file; names of others in it are followed only inside of the file."""

    def __init__(self, library: Any, group: Any) -> None:
        self._library, self._group = library, group

    def group(self, name: str) -> Group | None:
        found: Any = self
        for part in name.split("/"):
            found = found and found._child(part)
        return found  # type: ignore[no-any-return]

    def _child(self, name: str) -> Group | None:
        link = self._group.get(name, getlink=True)
        if link is None:
            return None
        if not isinstance(link, self._library.HardLink):
            raise ValueError(f"expected {name!r:.100} in the file itself, found a link")
        found = self._group.get(name)
        return Group(self._library, found) if isinstance(found, self._library.Group) else None

    def array(self, path: str) -> Stored:
        """An array by its path in the group. Raises ValueError where it is not there as Keras writes it."""
        *groups, name = path.split("/")
        home = self.group("/".join(groups)) if groups else self
        link = home and home._group.get(name, getlink=True)
        found = home._group.get(name) if home and isinstance(link, self._library.HardLink) else None
        if not isinstance(found, self._library.Dataset):
            raise ValueError(f"expected an array {path!r:.100}, found none")
        size = math.prod(found.shape) * found.dtype.itemsize
        if found.external or found.is_virtual or found.id.get_storage_size() != size:
            raise ValueError(
                f"expected {size} bytes of {path!r:.100} in the file itself, found them elsewhere or packed"
            )
        return Stored(tuple(found.shape), found.dtype.name, lambda: found[()])

    def numbered(self) -> list[Stored]:
        """The arrays called "0", "1", ..."""
        return [self.array(str(k)) for k in range(len(self._group))]

    def names_inside(self) -> list[str]:
        """The names in it."""
        return list(self._group)

    def has(self, name: str) -> bool:
        """Whether it has that attribute, also in pieces."""
        return name in self._group.attrs or f"{name}0" in self._group.attrs

    def text(self, name: str) -> str:
        """An attribute that is a text. Raises ValueError where there is none."""
        value = self._attribute(name)
        if isinstance(value, bytes):
            value = value.decode()
        if not isinstance(value, str):
            raise ValueError(f"expected a text {name!r}, found {value!r:.100}")
        return value

    def names(self, name: str) -> list[str]:
        """An attribute that is a list of names, also in pieces, as older files have long ones."""
        attrs, found = self._group.attrs, []
        pieces = [name] if name in attrs else [f"{name}{k}" for k in range(len(attrs)) if f"{name}{k}" in attrs]
        for piece in pieces:
            found += [entry.decode() if isinstance(entry, bytes) else str(entry) for entry in self._attribute(piece)]
        return found

    def _attribute(self, name: str) -> Any:
        """An attribute of texts, or without anything. Raises ValueError for others, which HDF5 may stumble over."""
        if name not in self._group.attrs:
            return None
        attribute = self._group.attrs.get_id(name)
        if not math.prod(attribute.shape):
            return ()
        if not isinstance(attribute.get_type(), self._library.h5t.TypeStringID):
            raise ValueError(f"expected texts in {name!r}, found {attribute.dtype}")
        return self._group.attrs[name]
