"""Bank conflicts of shared memory: of its 32 banks of 4 bytes, each gives a warp one word a turn."""

import numpy as np


def turns(lanes, addresses, size):
    """(the fewest possible, those needed) of one access: 4 bytes a thread go by warps, 8 by halves, 16 by quarters.

    Source: NVIDIA, CUDA C++ Best Practices Guide, "Shared memory and memory banks"; threads on one word share it.
    """
    share = max(1, size // 4)
    groups = lanes * share // 32
    words = addresses // 4
    if share > 1:
        groups = np.repeat(groups, share)
        words = (words[:, None] + np.arange(share)).reshape(-1)
    groups = np.unique(groups, return_inverse=True)[1]
    span = int(words.max()) + 1
    distinct = np.unique(groups * span + words)
    in_bank = np.bincount(distinct // span * 32 + distinct % span % 32, minlength=32 * (int(groups.max()) + 1))
    fullest = in_bank.reshape(-1, 32).max(axis=1)
    return len(fullest), int(fullest.sum())
