"""Global max pooling: the largest value of each channel, over all positions of an image or a sequence.

Shapes: x (N, T, C), y (N, C), argmax (N, C) of integers; T positions: H W of an image, row by row, or those in time.

Forward:
    F1: argmax[n, c] = the first t whose x[n, t, c] is the largest, a NaN being larger than any
    F2: y[n, c] = x[n, t, c] at that t

Backward, from dy = dL/dy. By F2 an output changes with one input alone:
    B1: dx[n, t, c] = dy[n, c] if t = argmax[n, c], else 0

Saved: argmax, T times smaller than x, which backward would otherwise have to read again.

Source: Collobert et al., Natural language processing (almost) from scratch, JMLR 12 (2011), section 3.3.2.
"""
