"""Machine code on disk: one verified file for each compiled kernel and argument types.

Numba's own cache does not see edits in other files or flags (numba#1833), fails to import where no folder is
writable (numba#4032) and never heals a truncated file. Here the folder's name is a digest of everything that the
code depends on, a file carries a SHA-256 of its payload, and whatever cannot be read is compiled again.

The payload is a pickle, so the folder must be the user's own: it is made with mode 0700 and refused otherwise.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import re
import shutil
import stat
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core import compiler, config, serialize

from ..folders import user_folder, write_whole

KERNELS = Path(__file__).parent
DIGEST_BYTES = 32  # SHA-256
KEEP_DAYS = 30  # folders of earlier versions are removed after this long without use
ROOM = "numbanet-kernels"  # our folder inside the one that the user or the platform names
OURS = re.compile(r"[0-9a-f]{24}")  # and the folders in it: one for each digest
KERNEL = re.compile(r"[0-9a-f]{40}")  # and the files in those


def source_digest() -> str:
    """Hex digest of all kernel sources, versions and the settings of Numba that change machine code."""
    digest = hashlib.sha256()
    for path in sorted(KERNELS.rglob("*.py")):
        digest.update(path.relative_to(KERNELS).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    settings = (
        sys.version,
        numba.__version__,
        llvmlite.__version__,
        config.OPT,
        config.BOUNDSCHECK,
        config.DEBUGINFO_DEFAULT,
        config.LOOP_VECTORIZE,
        config.SLP_VECTORIZE,
    )
    digest.update(repr(settings).encode())
    return digest.hexdigest()[:24]


def kernel_folder() -> Path:
    """Where this user's compiled kernels go: ROOM in $NUMBANET_CACHE_DIR, or in the platform's cache folder."""
    return user_folder(ROOM, "NUMBANET_CACHE_DIR")


def _private(folder: Path) -> None:
    """Make `folder` with mode 0700, or raise OSError if it is not ours alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name != "posix":
        return
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} is not a folder of this user's")
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


def _remove_old(parent: Path, keep: Path) -> None:
    """Remove what earlier versions left; another process may be doing the same."""
    oldest = time.time() - KEEP_DAYS * 86400
    for folder in parent.iterdir():
        with contextlib.suppress(OSError):
            if OURS.fullmatch(folder.name) and folder != keep and folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)


class Store:
    """The folder of this version's compiled kernels; opened at first use, so that importing never fails."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._opened = False
        self.loaded = 0
        self.compiled = 0

    def folder(self) -> Path | None:
        """The folder, or None (and one warning in the process) where nothing can be kept."""
        if not self._opened:
            self._opened = True
            parent = kernel_folder()
            folder = parent / source_digest()
            try:
                _private(parent)
                _private(folder)
                with tempfile.TemporaryFile(dir=folder):
                    pass
                os.utime(folder)
                _remove_old(parent, folder)
                self._folder = folder
            except (OSError, RuntimeError) as error:
                warnings.warn(
                    f"numbanet keeps no compiled kernels, so every process compiles them again: {error}. "
                    "Set NUMBANET_CACHE_DIR to a private, writable folder.",
                    RuntimeWarning,
                    stacklevel=2,
                )
        return self._folder

    def sizes(self) -> list[int]:
        """The bytes of each compiled kernel in the folder."""
        folder = self.folder()
        if folder is None:
            return []
        return [file.stat().st_size for file in folder.iterdir() if KERNEL.fullmatch(file.name)]

    def read(self, name: str) -> bytes | None:
        """The payload called `name`, or None where there is none or it is not what was written."""
        folder = self.folder()
        if folder is None:
            return None
        try:
            content = (folder / name).read_bytes()
        except OSError:
            return None
        payload = content[DIGEST_BYTES:]
        return payload if content[:DIGEST_BYTES] == hashlib.sha256(payload).digest() else None

    def write(self, name: str, payload: bytes) -> None:
        """Put the payload there whole or not at all; a full disk costs the cache, never the program."""
        folder = self.folder()
        if folder is None:
            return
        with contextlib.suppress(OSError):
            write_whole(folder / name, hashlib.sha256(payload).digest() + payload)


store = Store()


class KernelCache:
    """What a Numba dispatcher asks of its cache, for the function known by `key`."""

    def __init__(self, key: str) -> None:
        self._key = key

    def _name(self, signature: Any, target: Any) -> str:  # pragma: no cover - of the compiler
        identity = repr((self._key, str(signature), target.codegen().magic_tuple()))
        return hashlib.sha256(identity.encode()).hexdigest()[:40]

    def load_overload(self, signature: Any, target: Any) -> Any:  # pragma: no cover - of the compiler
        payload = store.read(self._name(signature, target))
        if payload is None:
            return None
        try:
            target.refresh()
            result = compiler.CompileResult._rebuild(target, *pickle.loads(payload))
        except Exception:  # written by another build of the same version: compile again, and overwrite it
            return None
        store.loaded += 1
        return result

    def save_overload(self, signature: Any, result: Any) -> None:  # pragma: no cover - of the compiler
        store.compiled += 1
        if result.library.has_dynamic_globals:  # addresses of this process are in the code
            return
        name = self._name(signature, result.target_context)
        store.write(name, serialize.dumps(result._reduce()))
