"""A case of the table on a device's CUDA kernels, beside the reference in float64."""

import numpy as np

TOLERANCE = {"float32": 2e-6, "float64": 1e-12}  # of the tensor's largest element


def difference(case, dtype, device):
    """The largest difference of what is written, over the tensor's largest element.

    Raises AssertionError where whole numbers differ, or the places of NaN.
    """
    expected, given = case.make("float64"), case.make(dtype)
    case.kernel("reference")(*expected)
    found = [device.take(a) if isinstance(a, np.ndarray) else a for a in given]
    case.kernel("cuda")(*found)
    worst = 0.0
    for right, ours in zip(case.written(expected), case.written(found), strict=True):
        ours = np.array(ours)
        if right.dtype.kind != "f":
            np.testing.assert_array_equal(ours, right)
            continue
        empty = np.isnan(right)  # what the kernel leaves alone, or what has no value
        np.testing.assert_array_equal(np.isnan(ours), empty)
        right, ours = right[~empty], ours[~empty]
        if right.size:
            apart = right != ours  # equal infinities are not
            scale = max(float(np.abs(right[np.isfinite(right)]).max(initial=0.0)), 1e-30)
            worst = max(worst, float(np.abs(ours[apart] - right[apart]).max(initial=0.0)) / scale)
    return worst
