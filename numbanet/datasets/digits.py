"""The UCI digits: small, real, and part of the package."""

from __future__ import annotations

import gzip
from importlib import resources
from typing import Any

import numpy as np


def load_digits() -> tuple[Any, Any]:
    """1,797 handwritten digits: x (1797, 64) float32 from 0 to 1, the rows of 8x8 images; y (1797,) int64.

    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998 (CC BY 4.0; see digits.md).
    """
    content = (resources.files(__package__) / "digits.csv.gz").read_bytes()
    table = np.array([line.split(",") for line in gzip.decompress(content).decode().split()], np.int64)
    return (table[:, :-1] / 16).astype(np.float32), table[:, -1].copy()
