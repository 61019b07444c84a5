"""Rows of an array in a given order: how a batch is taken from a shuffled data set.

Shapes: source (M, I) of any type, order (P,) int64 with 0 <= order[p] < M, first (1,) int64 with first + N <= P,
out (N, I) of source's type. Samples of more axes are seen as rows, and labels as one column.

Forward:
    F1: out[n, i] = source[order[first[0] + n], i]

order is that of a whole epoch and first where the batch begins in it, so that a recorded step, which moves first on
(numbanet.kernels.counter), needs nothing of the host's between two batches.

There is no backward: data has no gradient. The order is a permutation made by the package, so it is not checked here;
an index outside is undefined. An index may come twice.

Saved: nothing.

Source: the definition.
"""
