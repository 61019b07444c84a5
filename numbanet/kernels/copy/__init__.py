"""The values of one array in another of its size.

Shapes: x, y (n,).

Forward:
    F1: y[i] = x[i]

`stream` does the same past the caches, where a device can: for arrays that are larger than those.

There is no backward: a step keeps values that it may have to put back. Nothing is saved.

Source: the definition.
"""
