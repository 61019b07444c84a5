"""Arrays by name in a file, and values that describe them: safetensors, checked before anything is believed.

A file is eight bytes with the length of the header, the header, and the arrays' bytes one after another:
https://huggingface.co/docs/safetensors, section "Format". The header is JSON: each array's type, shape and place, and
texts by name under "__metadata__". The only one is ours, "numbanet": JSON again, of the format's version, the metadata,
and a SHA-256 of names, types, shapes, metadata and bytes, whatever the order in which the file has them.

The package safetensors writes files, with one text because it puts several in an order by chance; reading is done here,
because its checks come before anything is allocated.
"""

from __future__ import annotations

import hashlib
import math
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, NamedTuple

import numpy as np

from ..errors import ArgumentError, FileError, MissingDependency
from . import atomic
from .strict_json import canonical, dumps, parse

KEY, VERSION = "numbanet", 1
MOST_AXES = 64  # NumPy's own limit
LARGEST_HEADER = 2**20  # bytes; as Python objects JSON takes up to 33 times as many
DTYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "U8": "|u1", "BOOL": "|b1"}  # safetensors' names: NumPy's
CODES = {name: code for code, name in DTYPES.items()}


class Spec(NamedTuple):
    """What the header says of one array: bytes `begin` to `end` of those after the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def path_text(owner: str, path: str | os.PathLike[str]) -> str:
    """The path as text. Raises ArgumentError where it is none."""
    found = os.fspath(path) if isinstance(path, str | os.PathLike) else None
    if not isinstance(found, str) or not found or "\0" in found:
        raise ArgumentError(f"{owner}: path must be the path of a file. Received: path={path!r}")
    return found


@contextmanager
def blame(path: str) -> Iterator[None]:
    """Whatever goes wrong within is the file's fault: a FileError that names it."""
    try:
        yield
    except FileError:
        raise
    except MemoryError as error:
        raise FileError(f"{path}: there is not enough memory for it") from error
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or error}") from error
    except Exception as error:
        raise FileError(f"{path}: {error!s:.1000}") from error


def write_tensors(path: str | os.PathLike[str], tensors: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Write arrays by name, and values that JSON holds by name, to a file that is there whole or not at all.

    tensors: arrays of float32, float64, int64, uint8 or bool.
    metadata: dicts, lists, texts, finite numbers, True, False and None; with the names of arrays up to 1 MiB, so what
        grows with training belongs in tensors.

    Takes memory for one copy. Raises ArgumentError for what a file cannot hold, FileError where it cannot be written,
    and MissingDependency without the package safetensors.
    """
    target = path_text("write_tensors", path)
    try:
        from safetensors.numpy import save
    except ImportError:
        raise MissingDependency(
            "Writing model files and checkpoints needs safetensors. Install it: pip install 'numbanet[files]'"
        ) from None
    arrays = {name: _array(name, a) for name, a in tensors.items()}
    codes = {name: (CODES[a.dtype.str], a.shape) for name, a in arrays.items()}
    parts = {name: a.reshape(-1).view(np.uint8) for name, a in arrays.items()}
    try:
        digest = _digest(codes, metadata, parts)
        text = dumps({"format_version": VERSION, "metadata": metadata, "sha256": digest})
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError(f"write_tensors: metadata must be what JSON holds: {error!s:.500}") from None
    content = save(arrays, {KEY: text})
    length = int.from_bytes(content[:8], "little")
    if length > LARGEST_HEADER:
        raise ArgumentError(
            f"write_tensors: metadata and names must take at most {LARGEST_HEADER} bytes, for {target}. "
            f"Received: {length}. Put what is long in tensors."
        )
    atomic.write(target, [content])


def read_tensors(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays and the metadata that `write_tensors` wrote. The arrays share one block of memory, and are writable.

    Takes memory for the file once. Raises FileError, and nothing else, where the file cannot be read, is not whole, is
    of another kind or a later version, or says anything that `write_tensors` would not have written.
    """
    source = path_text("read_tensors", path)
    with blame(source):
        if not stat.S_ISREG(os.stat(source).st_mode):
            raise ValueError("expected a file, found a folder or a device")
        with open(source, "rb") as file:
            specs, said, size = _header(file)
            payload = np.empty(size, np.uint8)
            _fill(file, payload)
        parts = {name: payload[s.begin : s.end] for name, s in specs.items()}
        found = _digest({name: (s.dtype, s.shape) for name, s in specs.items()}, said["metadata"], parts)
        if found != said["sha256"]:
            raise ValueError(f"expected SHA-256 {said['sha256']!r:.70}, found {found}. The file is damaged.")
        return {name: _view(name, parts[name], s) for name, s in specs.items()}, said["metadata"]


def _array(name: str, value: Any) -> Any:
    """An array as the file holds it: in C's order, little-endian."""
    if not isinstance(name, str) or not name or name == "__metadata__":
        raise ArgumentError(f"write_tensors: tensors must have names. Received: {name!r}")
    a = np.asarray(value)
    little = a.dtype.newbyteorder("<")
    if little.str not in CODES:
        raise ArgumentError(
            f"write_tensors: tensors[{name!r}] must be of float32, float64, int64, uint8 or bool. Received: {a.dtype}"
        )
    return np.asarray(a, little, order="C")


def _digest(
    codes: Mapping[str, tuple[str, tuple[int, ...]]], metadata: Mapping[str, Any], parts: Mapping[str, Any]
) -> str:
    """SHA-256 of names, types, shapes and metadata as JSON, and then of the arrays' bytes in the order of names."""
    names = sorted(codes)
    found = hashlib.sha256(canonical([VERSION, metadata, [[name, *codes[name]] for name in names]]).encode())
    for name in names:
        found.update(parts[name])
    return found.hexdigest()


def _header(file: IO[bytes]) -> tuple[dict[str, Spec], dict[str, Any], int]:
    """The arrays, what our text says, and the number of bytes after the header. Raises ValueError."""
    size = os.fstat(file.fileno()).st_size
    start = file.read(8)
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > size - 8:
        raise ValueError(f"expected a header of {length} bytes after the first 8, found a file of {size} bytes")
    if length > LARGEST_HEADER:
        raise ValueError(f"expected a header of at most {LARGEST_HEADER} bytes, found {length}")
    header = parse(file.read(length).decode())
    if not isinstance(header, dict):
        raise ValueError("expected a header with arrays by name, found something else")
    said = _said(header.pop("__metadata__", None))
    specs = {name: _spec(name, entry) for name, entry in header.items()}
    _expect_whole(specs, size - 8 - length)
    return specs, said, size - 8 - length


def _said(texts: Any) -> dict[str, Any]:
    """Format version, metadata and digest, as our text says them."""
    if not isinstance(texts, dict) or set(texts) != {KEY} or not isinstance(texts[KEY], str):
        raise ValueError(f"expected a file that numbanet wrote, found {texts!r:.200} in its metadata")
    said = parse(texts[KEY])
    found = said.get("format_version") if isinstance(said, dict) else None
    if type(found) is not int or found != VERSION:
        raise ValueError(f"expected format version {VERSION}, found {found!r:.100}. A later numbanet may read it.")
    if set(said) != {"format_version", "metadata", "sha256"} or not isinstance(said["metadata"], dict):
        raise ValueError(f"expected metadata and sha256, found {', '.join(said):.200}")
    return {**said}


def _spec(name: str, entry: Any) -> Spec:
    """One array of the header, whose extent fits its type and shape."""
    if not name or not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"tensor {name!r:.100}: expected dtype, shape and data_offsets, found {entry!r:.200}")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ValueError(f"tensor {name!r:.100}: expected a dtype of {', '.join(DTYPES)}, found {dtype!r:.100}")
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        raise ValueError(f"tensor {name!r:.100}: expected sizes, found shape {shape!r:.200} at {offsets!r:.200}")
    if math.prod(shape) * np.dtype(DTYPES[dtype]).itemsize != offsets[1] - offsets[0]:
        raise ValueError(
            f"tensor {name!r:.100}: expected bytes for {shape!r:.200} of {dtype}, found bytes {offsets[0]} "
            f"to {offsets[1]}"
        )
    return Spec(dtype, tuple(shape), *offsets)


def _are_sizes(value: Any) -> bool:
    """Whether it is a short list of numbers that count bytes in a file."""
    whole = isinstance(value, list) and len(value) <= MOST_AXES
    return whole and all(type(v) is int and 0 <= v < 2**62 for v in value)


def _expect_whole(specs: Mapping[str, Spec], size: int) -> None:
    """The arrays lie one after another and fill all `size` bytes: none is shared, and none says nothing."""
    place = 0
    for name, spec in sorted(specs.items(), key=lambda item: (item[1].begin, item[1].end)):
        if spec.begin != place:
            raise ValueError(f"tensor {name!r:.100}: expected to begin at byte {place}, found {spec.begin}")
        place = spec.end
    if place != size:
        raise ValueError(f"expected {place} bytes after the header, found {size}")


def _fill(file: IO[bytes], payload: Any) -> None:
    """Read all that is left, which must be as much as it was when the file was opened."""
    view, done = memoryview(payload), 0
    while done < len(view):
        count = file.readinto(view[done:])  # type: ignore[attr-defined]
        if not count:
            raise ValueError(f"expected {len(view)} bytes after the header, found {done}")
        done += count
    if file.read(1):
        raise ValueError(f"expected {len(view)} bytes after the header, found more")


def _view(name: str, part: Any, spec: Spec) -> Any:
    """The bytes as the array that they are."""
    if spec.dtype == "BOOL" and part.max(initial=0) > 1:
        raise ValueError(f"tensor {name!r:.100}: expected bytes of 0 and 1 for BOOL, found {part.max()}")
    a = part.view(DTYPES[spec.dtype]).reshape(spec.shape)
    return a if a.flags.aligned and sys.byteorder == "little" else a.astype(a.dtype.newbyteorder("="))
