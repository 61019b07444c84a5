"""Rows of an array in a given order: how a batch is taken from a shuffled data set.

Shapes: source (M, I) of any type, indices (N,) int64 with 0 <= indices[n] < M, out (N, I) of source's type. Samples of
more axes are seen as rows, and labels as one column.

Forward:
    F1: out[n, i] = source[indices[n], i]

There is no backward: data has no gradient. The indices are those of a permutation made by the package, so they are not
checked here; an index outside is undefined. An index may come twice.

Saved: nothing.

Source: the definition.
"""
