"""Is there a value that training cannot go on with? One flag for an array, read after a step.

Shapes: x (n,) of floats, labels (N,) int64, flag (1,) int64; scalars: classes and count int64, low and high float64.

Forward:
    F1: finite(x, flag):               flag[0] = 1 if any x[i] is NaN, inf or -inf, else 0
    F2: labels(labels, classes, flag): flag[0] = 1 if any labels[n] < 0 or labels[n] >= classes, else 0
    F3: between(x, low, high, flag):   flag[0] = 0 if low <= x[i] <= high for all i, else 1
    F4: indices(x, count, flag):       flag[0] = 0 if every x[i] is one of 0, 1, ..., count - 1, else 1
    F5: expect_finite(flag, x):        flag[0] = 1 if any x[i] is NaN, inf or -inf, else as it was

The flag is overwritten but by F5, and is 0 for an empty array. A label or an index outside would be read as an
address by the loss, the metrics or an embedding, a NaN in the parameters never goes away: all are told to the user at
the step where they come up. In floating point x is finite where |x| < inf, which is false for NaN, and so are F3, F4.

F1 to F4 are one task each and run at every training step, so an array is read once, at the speed of the L1 cache. F5
is for a whole gradient: its tasks agree on what they write, so their order does not matter. A program whose `stop` is
the flag ends there.

There is no backward. Saved: nothing.

Source: the definition; IEEE 754-2019, section 5.11 for comparisons with NaN.
"""
