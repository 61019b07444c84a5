"""Files from the web, each known by its SHA-256, kept in a folder of this user's.

They come from where they are published, or from a mirror that the user names: in a call, or for all data sets in
$NUMBANET_DATA_MIRROR, a web folder with a folder for each of them, named as those in `data_folder()` are. So a copy of
that folder on a web server is a mirror. Where one is named, nobody else is asked.
"""

from __future__ import annotations

import hashlib
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..checks import fail
from ..errors import DownloadError
from ..folders import user_folder, write_whole

TIMEOUT = 30  # seconds without a byte


@dataclass(frozen=True)
class File:
    """A file as it was published: no other content is accepted under its name."""

    name: str
    size: int
    sha256: str

    def problem(self, content: bytes) -> str:
        """What is wrong with the content, or nothing."""
        if len(content) != self.size:
            more = "more than " if len(content) > self.size else ""
            return f"expected {self.size:,} bytes, received {more}{min(len(content), self.size):,}"
        if hashlib.sha256(content).hexdigest() != self.sha256:
            return f"expected content of SHA-256 {self.sha256}, received other content"
        return ""


@dataclass(frozen=True)
class Source:
    """Where a data set is published: folders on the web, and the files in each of them."""

    mirrors: tuple[str, ...]
    files: tuple[File, ...]

    def fetch(self, name: str, mirror: str | None) -> list[bytes]:
        """The contents of the files of the data set `name`, from the mirror if one is named.

        Raises DownloadError, and ArgumentError for a mirror that is not on the web.
        """
        owner = f"load_{name}"
        count = {1: "the file", 4: "the four files"}[len(self.files)]
        remedy = f"Fetch {count} in another way and say where: {owner}(path=...)."
        mirrors = _named(owner, name, mirror) or self.mirrors
        return [fetch(file, mirrors, data_folder() / name, remedy) for file in self.files]


def data_folder() -> Path:
    """Where downloads are kept: numbanet-data in $NUMBANET_DATA_DIR, or in the platform's cache folder."""
    return user_folder("numbanet-data", "NUMBANET_DATA_DIR")


def fetch(file: File, mirrors: Sequence[str], folder: Path, remedy: str) -> bytes:
    """The file's content, from `folder` where it is there whole, else from the first mirror that serves it.

    Raises DownloadError, with `remedy`, where no mirror does.
    """
    path = folder / file.name
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    if not file.problem(content):
        return content
    content = _download(file, mirrors, remedy)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        warnings.warn(
            f"numbanet downloads {file.name} again in every process: {error}. "
            "Set NUMBANET_DATA_DIR to a writable folder.",
            RuntimeWarning,
            stacklevel=2,
        )
    return content


def _named(owner: str, name: str, mirror: str | None) -> tuple[str, ...]:
    """The folder of the mirror that the user named, if any."""
    general = os.environ.get("NUMBANET_DATA_MIRROR")
    folder = f"{general.rstrip('/')}/{name}" if mirror is None and general else mirror
    if folder is None:
        return ()
    if not isinstance(folder, str) or not folder.lower().startswith(("http://", "https://")):
        argument = "mirror" if mirror is not None else "$NUMBANET_DATA_MIRROR"
        fail(owner, argument, "the address of a folder on the web, https://...", mirror or general)
    return (folder.rstrip("/") + "/",)


def _download(file: File, mirrors: Sequence[str], remedy: str) -> bytes:
    from http.client import HTTPException

    failures = []
    for mirror in mirrors:
        url = mirror + file.name
        print(f"downloading {url} ({file.size / 1e6:.1f} MB)", file=sys.stderr)
        try:
            content = _get(url, file.size)
        except (OSError, HTTPException) as error:
            failures.append(f"{url}: {error}")
            continue
        problem = file.problem(content)
        if not problem:
            return content
        failures.append(f"{url}: {problem}")
    raise DownloadError(f"cannot download {'; '.join(failures)}. {remedy}")


def _get(url: str, size: int) -> bytes:
    """What the web has at the url, as far as one byte beyond `size`. HTTP and HTTPS alone, also after a redirect."""
    from urllib import request  # costs 50 ms, so here and not in every `import numbanet`

    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPRedirectHandler(),
        request.HTTPErrorProcessor(),
        request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    with opener.open(url, timeout=TIMEOUT) as response:
        content: bytes = response.read(size + 1)
    return content
