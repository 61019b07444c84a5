"""How often the class with the highest score is the right one.

Shapes: p (N, C), scores, logits or probabilities alike; labels (N,) int64 in 0 .. C - 1, or t (N, C) one-hot or
probabilities; state (2,) float64, zero at the start of an epoch.

Forward, with argmax the first of the maxima:
    F1: hit[n] = 1 if argmax p[n, :] = labels[n] (update_sparse) or argmax t[n, :] (update_categorical), else 0
    F2: state[0] += sum over n of hit[n]
    F3: state[1] += N
The accuracy is state[0] / state[1]. A row of p or t with a NaN in it is never a hit: a network that has diverged
has the accuracy 0, and not the share of class 0.

F1 without an argmax: class c is the first maximum where p[n, j] < p[n, c] for all j < c and p[n, j] <= p[n, c] for all
j >= c; a NaN makes one of these C comparisons false.

There is no backward: the argmax has a gradient of 0 almost everywhere. Saved: nothing but the state.

Source: the definition; keras.metrics.CategoricalAccuracy and SparseCategoricalAccuracy, which
differ where there are NaNs.
"""
