"""How often the right class is among the k classes with the highest scores.

Shapes: p (N, C), scores, logits or probabilities alike; labels (N,) int64 in 0 .. C - 1, or t (N, C) one-hot or
probabilities; k >= 1 an int64 scalar; state (2,) float64, zero at the start of an epoch.

Forward, with c = labels[n] (update_sparse) or the first maximum of t[n, :] (update_categorical):
    F1: higher[n] = the number of classes j with p[n, j] > p[n, c]
    F2: hit[n] = 1 if higher[n] < k, else 0
    F3: state[0] += sum over n of hit[n]
    F4: state[1] += N
The accuracy is state[0] / state[1]. Classes with equal scores at the edge of the top k are all in it, so that the hit
does not depend on the order of the classes; k = 1 differs here from numbanet.kernels.accuracy, which takes the first.
A row of p or t with a NaN in it is never a hit. An infinite score is a number like another. With k >= C all other rows
are hits.

There is no backward. Saved: nothing but the state.

Source: tf.math.in_top_k, which keras.metrics.TopKCategoricalAccuracy and SparseTopKCategoricalAccuracy call; it also
refuses rows with infinities, and a masked class with the logit -inf is no reason to.
"""
