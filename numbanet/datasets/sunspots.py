"""Three centuries of sunspots: a small, real series, and part of the package."""

from __future__ import annotations

import gzip
from importlib import resources
from typing import Any

import numpy as np


def load_sunspots() -> tuple[Any, Any]:
    """The yearly mean sunspot number: years (309,) int64 from 1700 to 2008, numbers (309,) float32 from 0 to 190.2.

    Source: National Geophysical Data Center, NOAA (public domain; see sunspots.md).
    """
    content = (resources.files(__package__) / "sunspots.csv.gz").read_bytes()
    lines = [line.split(",") for line in gzip.decompress(content).decode().split()]
    return np.array([int(year) for year, _ in lines]), np.array([number for _, number in lines], np.float32)
