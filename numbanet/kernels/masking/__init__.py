"""A mask: which steps of a sequence count. Those of one value in all features are padding.

Shapes: x, y, dy and dx (N, T, F), mask (N, T), rows (R, C); N samples, T steps, F features. value is a number, in the
type of x.

Forward:
    F1: mask[n, t] = 0 where x[n, t, f] = value for all f, else 1
    F2: y[n, t, f] = x[n, t, f] mask[n, t]
`indices`, for x of indices (N, T), of which 0 stands for no thing:
    F3: mask[n, t] = 0 where x[n, t] = 0, else 1
`weigh`, for the weights (R) of the rows of a loss, of which mask (R) names those that count:
    F4: y[r] = x[r] mask[r] R / max(sum over i of mask[i], 1), so that the mean over R rows is one over those that count
`leave_out`, for losses or their gradients by row, because 0 times a loss that overflowed is no number:
    F5: rows[r, c] = 0 where mask[r] = 0

Backward, from dy = dL/dy; the mask is a constant:
    B1: dx[n, t, f] = dy[n, t, f] mask[n, t]

Saved: mask. Layers that take it leave the steps out whose mask is 0.

Source: keras.layers.Masking, and the mask_zero of keras.layers.Embedding.
"""
