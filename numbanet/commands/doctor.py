"""`numbanet doctor`."""

from __future__ import annotations

import argparse

from .. import doctor


def run(options: argparse.Namespace) -> None:
    """Print the report."""
    doctor.run()
