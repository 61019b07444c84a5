"""What the cases of pools share: N images of H x W pixels and C channels, and windows of K x K that do not overlap."""

from __future__ import annotations

from ...errors import ArgumentError

SIZES = ({"N": 64, "H": 32, "W": 32, "C": 32, "K": 2},)


def windows(operation: str, H: int, W: int, K: int) -> tuple[int, int]:
    """How many there are in a column and in a row. Raises ArgumentError where there is none."""
    if min(H, W) < K:
        raise ArgumentError(f"bench {operation}: expected K to be at most H and W. Received: H={H}, W={W}, K={K}")
    return H // K, W // K
