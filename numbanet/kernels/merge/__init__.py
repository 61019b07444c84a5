"""What becomes one array of two: both side by side, their product, or their average.

Shapes: for concatenate a (R, A), b (R, B), y (R, A + B); R rows, A and B columns. Else a, b, y (n,).

Forward:
    F1: concatenate: y[r, i] = a[r, i] for i < A, and y[r, A + i] = b[r, i]
    F2: multiply: y[i] = a[i] b[i]
    F3: average: y[i] = (a[i] + b[i]) / 2

Backward, from dy = dL/dy:
    B1: concatenate: da[r, i] = dy[r, i], db[r, i] = dy[r, A + i]
    B2: multiply: da[i] = dy[i] b[i], db[i] = dy[i] a[i]
    B3: average: da[i] = db[i] = dy[i] / 2

The sum is numbanet.kernels.add. Saved: a and b for B2, which their owner has; else nothing.

Source: the merge modes of Keras's Bidirectional. B1 to B3 are the derivatives of F1 to F3.
"""
