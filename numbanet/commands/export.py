"""`numbanet export MODEL FILE`: the model in a format of others."""

from __future__ import annotations

import argparse
import os

from .run import find


def run(options: argparse.Namespace) -> None:
    """Write the file, and say how large it is."""
    found = find(options.model)
    found.model.export(options.output)
    print(f"written: {options.output}, {os.path.getsize(options.output):,} bytes")
