"""Steps of a sequence, in the order of time or against it.

Shapes: a (N, A, F), y (N, T, F), one (N, F); N samples, A and T steps, F features. first: the step of a that becomes
the first of y; step: 1, or -1 to go backwards, so that first + step (T - 1) is a step of a.

Forward:
    F1: y[n, t] = a[n, first + step t]
and the other way, `put`, which leaves other steps of a as they are:
    F2: a[n, first] = one[n]

There is no backward kernel: where all steps of a are in y it is F1 again, and recurrent layers take gradients of
single steps as they are.

Source: slices, as NumPy's.
"""
