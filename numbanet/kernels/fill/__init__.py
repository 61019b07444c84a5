"""A constant in every element: where a layer has no scale or offset, its kernels are given ones or zeros.

Shapes: y (M,), of any number M.

Forward:
    F1: y[m] = value

There is no backward: nothing depends on anything. Saved: nothing.

Source: the definition.
"""
