"""Which class was taken for which: the counts that precision, recall and F1 are computed from.

Shapes: p (N, C), scores, logits or probabilities alike; labels (N,) int64 in 0 .. C - 1; matrix (C, C) float64, the
true class by the predicted one. Binary: p and t of one shape, threshold float64, rounded to their type; counts (4,)
float64: true positives, false positives, true negatives, false negatives. Both are zero at the start of an epoch.

Forward, update_sparse, for all n, with argmax the first of the maxima:
    F1: matrix[labels[n], argmax p[n, :]] += 1

Forward, update_binary, for all elements i, with P = p[i] > threshold and T = t[i] > 0.5:
    F2: counts[0] += 1 where P and T             (true positive)
    F3: counts[1] += 1 where P and not T         (false positive)
    F4: counts[2] += 1 where not P and not T     (true negative)
    F5: counts[3] += 1 where not P and T         (false negative)

A row of p with a NaN in it, or an element of p that is NaN, predicts no class and is not counted: a network that has
diverged has the precision 0 / 0. Float64 holds counts exactly up to 2^53.

There is no backward. Saved: nothing but the counts.

Source: the definition; sklearn.metrics.confusion_matrix has the same axes.
"""
