"""Softmax and cross-entropy in one: of a row's class logits with its target distribution, or with its label.

Shapes: z (R, C) logits, t (R, C) targets or labels (R,) int64 in [0, C), weights (R,) of the samples,
logsumexp (R,), losses (R,); R rows, C classes; smoothing s in [0, 1], a scalar, moves the targets towards 1/C.

Forward, with u[r, c] = t[r, c] (1 - s) + s/C; the sparse functions have u[r, c] = 1 if c = labels[r], otherwise 0.
The largest logit is subtracted first, so that no exponential overflows and the sum is at least 1:
    F1: m[r] = max over c of z[r, c],  S[r] = sum over c of exp(z[r, c] - m[r])
    F2: logsumexp[r] = m[r] + log S[r]
    F3: losses[r] = weights[r] * sum over c of u[r, c] (logsumexp[r] - z[r, c])

F3 is -sum u log softmax(z), as log softmax(z)[c] = z[c] - logsumexp.

Backward, of the batch's loss L = 1/R sum over r of losses[r] (kernels.mean: divided by R, not by the sum of the
weights, as Keras does). dlogsumexp[r]/dz[r, c] = exp(z[r, c] - logsumexp[r]), the softmax, which F3 has sum(u) times;
the targets are not assumed to sum to one:
    B1: dz[r, c] = weights[r] / R (exp(z[r, c] - logsumexp[r]) sum over k of u[r, k] - u[r, c])

Saved: logsumexp, one number a row, for which B1 needs neither maximum nor sum. Rounded, it makes the softmax wrong by
|logsumexp| times the rounding unit: 6e-6 for a logit of 100 in float32. A NaN in z is one in losses[r] and in all of
dz[r]; one in t also, except in the sparse functions, which have none.

Source: Bridle, Probabilistic Interpretation of Feedforward Classification Network Outputs (1990); smoothing: Szegedy
et al., Rethinking the Inception Architecture (2016), section 7.
"""
