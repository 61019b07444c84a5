"""Files from the web, each known by its SHA-256, kept in a folder of this user's."""

from __future__ import annotations

import hashlib
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
