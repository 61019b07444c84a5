"""Global average pooling: the mean of each channel, over all positions of an image or a sequence.

Shapes: x (N, T, C), y (N, C); T positions: H W of an image, or those in time.

Forward:
    F1: y[n, c] = sum over t of x[n, t, c] / T

Backward, from dy = dL/dy. By F1, dy[n, c]/dx[n, t, c] = 1 / T:
    B1: dx[n, t, c] = dy[n, c] / T

Saved: nothing.

Source: Lin, Chen and Yan, Network in network, ICLR (2014), section 3.2.
"""
