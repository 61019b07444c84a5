"""The user's folders, and files that are there whole or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def user_folder(room: str, variable: str) -> Path:
    """Our folder `room`: in the folder that the environment variable names, or in the platform's cache folder."""
    if chosen := os.environ.get(variable):
        return Path(chosen) / room
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / room
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / room
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / room


def write_whole(path: Path, content: bytes) -> None:
    """Put the content there at once: a reader finds all of it or what was there before. Raises OSError."""
    temporary = path.with_name(f"{path.name}.{os.urandom(8).hex()}.part")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
