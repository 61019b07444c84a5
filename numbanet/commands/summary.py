"""`numbanet summary MODEL`: the layers, their shapes and parameters."""

from __future__ import annotations

import argparse

from ..model import Sequential
from . import configuration
from .building import build, load
from .run import find


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    model_from(options.model).summary()


def model_from(given: str, device: str = "cpu") -> Sequential:
    """The model of a file or folder; or a new one, as a configuration describes it, compiled."""
    if not given.endswith(".toml"):
        return find(given, device).model
    config = configuration.read(given)
    return build(config, load(config), device)
