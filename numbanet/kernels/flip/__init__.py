"""A window turned round: what makes a convolution of a cross-correlation.

Shapes: w and flipped (KH, KW, I, O); a window of KH x KW cells, its I input and O output channels stay in place.

Forward:
    F1: flipped[kh, kw, i, o] = w[KH-1-kh, KW-1-kw, i, o]

The map is its own inverse and its own transpose, so dw is the forward of the gradient with respect to `flipped`.
Saved: nothing. Why a layer flips: numbanet.kernels.conv2d.

Source: Goodfellow, Bengio and Courville, Deep Learning (2016), equations 9.4 to 9.6.
"""
