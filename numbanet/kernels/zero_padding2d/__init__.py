"""Zero padding: an image is framed with zeros; its backward pass cuts the frame off.

Shapes: x, dx (N, H, W, C); y, dy (N, H', W', C); padding (top, left), integers of 0 or more. Bottom and right follow
from the shapes: H' - H - top and W' - W - left.

Forward, with i = h - top and j = w - left:
    F1: y[n, h, w, c] = x[n, i, j, c] where 0 <= i < H and 0 <= j < W, else 0

Backward, from dy = dL/dy. Each element of x is copied to one place, and the zeros depend on nothing:
    B1: dx[n, i, j, c] = dy[n, i + top, j + left, c]

Nothing is saved. Cropping is B1 as a forward pass, and F1 is its backward pass: what is cut off has gradient zero.

Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning, arXiv:1603.07285 (2016), section 2.2.
"""
