"""torch itself, which is no part of numbanet."""

from __future__ import annotations

from typing import Any

from ...errors import MissingDependency


def torch(owner: str) -> Any:
    """The package. Raises MissingDependency where it is not installed."""
    try:
        import torch as library
    except ImportError:
        raise MissingDependency(f"{owner} needs torch. Install it: pip install torch") from None
    return library
