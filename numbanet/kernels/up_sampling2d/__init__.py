"""Upsampling: an image is enlarged by whole factors, by repeating its pixels or by bilinear interpolation.

Shapes: x, dx (N, H, W, C); y, dy (N, H SH, W SW, C); size (SH, SW), integers of 1 or more.

Nearest:
    F1: y[n, h, w, c] = x[n, floor(h / SH), floor(w / SW), c]
Each element of x is copied to SH SW places, so
    B1: dx[n, i, j, c] = sum over p < SH, q < SW of dy[n, SH i + p, SW j + q, c]

Bilinear. Pixels are squares, and pixel o of the output has its centre at s = (o + 1/2) / S - 1/2 in pixels of the
input (half-pixel centres, "align_corners=False"). With the row below it and the row above it, kept inside the image,
    F2: lo = max(floor(s), 0);  hi = min(floor(s) + 1, H - 1);  f = s - floor(s)
and in the same way along the width, the mean of four pixels is
    F3: y[n, h, w, c] = (1 - f) ((1 - g) x[lo, lo'] + g x[lo, hi']) + f ((1 - g) x[hi, lo'] + g x[hi, hi'])
where x[a, b] is x[n, a, b, c], f and g are the fractions along height and width, and ' marks the width.
F3 is linear: the weight of row i in row h of the output is
    B2: a[i, h] = (1 - f where lo = i) + (f where hi = i), not zero only where SH (i - 1) < h < SH (i + 2)
    B3: dx[n, i, j, c] = sum over h, w of a[i, h] a'[j, w] dy[n, h, w, c]

Nothing is saved.

Source: Keras's UpSampling2D and torch.nn.functional.interpolate, whose results these are.
"""
