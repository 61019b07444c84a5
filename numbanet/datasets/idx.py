"""IDX, the format of MNIST's files: two zeros, a type, a rank, the sizes, and the elements, all big-endian.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "File formats".
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP = b"\x1f\x8b"
MOST_AXES = 64  # NumPy's own limit


def load_idx(path: str | os.PathLike[str]) -> Any:
    """The array in an IDX file, plain or gzipped, in the shape and type that the file says.

    Raises OSError where the file cannot be read, and DataError where it is no whole IDX file.
    """
    return parse(Path(path).read_bytes(), str(path))


def parse(content: bytes, name: str) -> Any:
    """The array in an IDX file's content; `name` is for errors."""
    if content.startswith(GZIP):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"load_idx: {name} is a damaged gzip file: {error}. Fetch it again.") from None
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES or content[3] > MOST_AXES:
        raise DataError(
            f"load_idx: {name} is no IDX file: expected a first four bytes of 0, 0, a type "
            f"({', '.join(f'0x{code:02X}' for code in TYPES)}) and a number of axes, received {content[:4].hex(' ')!r}"
        )
    dtype, axes = np.dtype(TYPES[content[2]]), content[3]
    head = 4 + 4 * axes
    if len(content) < head:
        raise DataError(f"load_idx: {name} ends within its header of {head} bytes, after {len(content)}")
    shape = struct.unpack(f">{axes}I", content[4:head])
    expected = head + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise DataError(
            f"load_idx: {name} should have {expected:,} bytes for its shape {shape} of {dtype.name}, "
            f"received {len(content):,}. Fetch it again."
        )
    try:
        return np.frombuffer(content, dtype, offset=head).astype(dtype.newbyteorder("=")).reshape(shape)
    except ValueError as error:  # an empty array whose other sizes are beyond NumPy's
        raise DataError(f"load_idx: {name}: no array can have its shape {shape}: {error}") from None
