"""Random erasing, or cutout: a box of each image is filled with one value, so that no part of it suffices by itself.

Shapes: x, y, dy, dx (N, H, W, C); boxes (N, 4), whole numbers top, bottom, left, right in the model's type, of which
bottom and right lie outside; probability and fill_value float64; image (H, W), heights and widths (least, largest),
1 <= least <= largest, the bounds of a box's sides, integers; seed and stream int64 scalars; iteration (1,) int64.

Drawing, with w[i] the word i of numbanet.kernels.random for (seed, stream, iteration[0]), and a whole number from
a to b, each equally likely (to within 2^-32), as
    F1: draw(k, a, b) = a + floor(w[8n + k] (b - a + 1) 2^-32)
A sample's box is (0, 0, 0, 0), which is empty, unless
    F2: w[8n] 2^-32 < probability
and else has the sides
    F3: h = draw(1, *heights), v = draw(2, *widths)
and lies inside the image, h <= H and v <= W:
    F4: top = draw(3, 0, H - h), left = draw(4, 0, W - v), bottom = top + h, right = left + v
or, centred, has its centre on any pixel, and is cut off at the edges:
    F5: t = draw(3, 0, H - 1) - floor(h / 2), l = draw(4, 0, W - 1) - floor(v / 2)
    F6: top = max(t, 0), left = max(l, 0), bottom = min(t + h, H), right = min(l + v, W)

Forward:
    F7: y[n, i, j, c] = fill_value where top <= i < bottom and left <= j < right, else x[n, i, j, c]

Backward, from dy = dL/dy. The boxes do not depend on x:
    B1: dx[n, i, j, c] = 0 where F7 fills, else dy[n, i, j, c]

Saved: nothing beside the boxes. They are functions of (seed, stream, iteration) worked out in whole numbers: the same
on every device, and again in a resumed training.

Source: Zhong, Zheng, Kang, Li and Yang, Random erasing data augmentation, AAAI 2020, section 3 (F4); DeVries and
Taylor, Improved regularization of convolutional neural networks with cutout, arXiv:1708.04552 (2017), section 3.2 (F5,
F6).
"""
