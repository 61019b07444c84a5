"""`numbanet demo`."""

from __future__ import annotations

import argparse

from .. import demo


def run(options: argparse.Namespace) -> None:
    """Train the network that everybody can see."""
    demo.run(options.seed, options.epochs, options.device, options.picture)
