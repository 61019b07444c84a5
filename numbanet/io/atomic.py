"""Files that are there whole or not at all, whenever the process or the machine stops.

The content goes to a temporary file in the same folder, which then takes the place of the old one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
from collections.abc import Iterable
from typing import Any

from ..errors import FileError

if sys.platform == "win32":

    def _claim(handle: int) -> bool:
        """Windows lets nobody remove a file that is open."""
        return True
else:
    import fcntl

    def _claim(handle: int) -> bool:
        """Mark an open file as in use, for as long as it is open; False where somebody else did.

        Raises OSError where the file system knows no such marks.
        """
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


NAMED = 32  # characters of a file's name in that of its temporary file: names have at most 255 bytes
NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP)  # what file systems say that cannot write a folder out


def write(path: str | os.PathLike[str], chunks: Iterable[Any]) -> None:
    """Make a file of `chunks` (bytes, or arrays of bytes): a reader finds all of it, or what was there before.

    A symbolic link stays, and the file it points to is replaced, as when that is opened for writing; so stay the
    permissions of a file that was there. Once this returns, the content survives a power cut. What a killed process
    left behind of the same file is removed.

    Raises FileError where the folder is not there, may not be written, or is full; the old file is then untouched.
    """
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    try:
        mode = _mode(target)
        remove_leftovers(folder, re.escape(name[:NAMED]))
        temporary, handle = _create(folder, name)
        try:
            with os.fdopen(handle, "wb") as file:
                if mode is not None and sys.platform != "win32":
                    os.fchmod(handle, mode)
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                os.fsync(handle)
                if sys.platform != "win32":
                    os.replace(temporary, target)  # still claimed, so that nobody takes it for a leftover
            if sys.platform == "win32":
                os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):  # it is gone
                os.unlink(temporary)
            raise
        _sync(folder)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{os.fspath(path)}: cannot be written: {error.strerror or error}") from error


def _mode(target: str) -> int | None:
    """The permissions of the file that is there, if there is one. Raises OSError where it is not for replacing."""
    try:
        found = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found):  # a folder, or /dev/null
        raise OSError("it is not a file")
    if not os.access(target, os.W_OK):
        raise OSError("the file that is there is read-only")
    return stat.S_IMODE(found)


def _create(folder: str, name: str) -> tuple[str, int]:
    """A new temporary file, claimed: its path, and it itself, open."""
    while True:
        path = os.path.join(folder, f".{name[:NAMED]}.{os.urandom(8).hex()}.part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags, 0o666)
        try:
            claimed = _claim(handle)
        except OSError:  # then nobody can tell a leftover, and nobody removes one
            return path, handle
        if claimed and os.path.exists(path):  # else it was taken for a leftover, just now
            return path, handle
        os.close(handle)


def remove_leftovers(folder: str | os.PathLike[str], names: str) -> None:
    """Remove the temporary files that no living process writes. names: a regular expression of how they begin."""
    pattern = re.compile(rf"\.{names}\.[0-9a-f]{{16}}\.part")
    with os.scandir(folder) as entries:
        found = [entry.path for entry in entries if pattern.fullmatch(entry.name)]
    for path in found:
        with contextlib.suppress(OSError):  # it is gone, belongs to somebody else, or cannot be claimed
            handle = os.open(path, os.O_RDWR)  # which NFS asks for
            try:
                if sys.platform != "win32" and _claim(handle):
                    os.unlink(path)
            finally:
                os.close(handle)
            if sys.platform == "win32":
                os.unlink(path)


def _sync(folder: str) -> None:
    """Write out the folder itself, where the new name is."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)
