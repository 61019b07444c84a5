"""Gradient clipping: no gradient, or no norm of gradients, above a limit.

Shapes: g (size) in the model's dtype; partial (P,) float64, with P the caller's choice; limit a float above 0.

By value:
    F1: g[i] = min(max(g[i], -limit), limit)

By the norm of the whole of g, in two operations because g is cut into tasks twice. Piece p is
p L <= i < (p + 1) L with L = ceil(size / P); the last pieces may be empty:
    F2: partial[p] = sum over i in piece p of g[i]^2
    F3: norm = sqrt(sum over p of partial[p])
    F4: g[i] = g[i] limit / norm, where norm > limit; else g stays as it is

Squares and sums are in float64, so that float32 gradients of 1e20 and above have a finite norm, and the pieces do not
depend on the number of threads. The norm of several arrays together is F2 of each into its own stretch of one partial.

Written: g and partial, in place. A NaN stays NaN in F1, an infinity becomes a limit. In F4 a norm that is NaN or
infinite makes all of g NaN: no limit can repair such a gradient, and a run that is lost must be seen to be lost.

Source: Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks, ICML (2013), algorithm 1.
"""
