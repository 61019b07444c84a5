"""Addition: the sum of two arrays of one size.

Shapes: a, b, y (n,).

Forward:
    F1: y[i] = a[i] + b[i]

Backward, from dy = dL/dy: dL/da[i] = dL/db[i] = dy[i], so that there is nothing to compute. Where one value x goes two
ways, as round a residual block, its gradient is the sum over both ways, which is F1 again.

Nothing is saved.

Source: He, Zhang, Ren and Sun, Deep residual learning for image recognition, CVPR 2016, equations 1 and 2.
"""
