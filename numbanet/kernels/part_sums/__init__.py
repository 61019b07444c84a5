"""Sums over parts: how a gradient that many tasks have each summed for their rows alone becomes one.

Shapes: parts (P, C), total (C,); P parts, C channels.

Forward:
    F1: total[c] = sum over p of parts[p, c]

The order is that of p, so that the bits of the sum depend on nothing but the parts. There is no backward: this is a
step of one. Saved: nothing.

Source: the definition.
"""
