"""What stands at both ends of an exported file: the check of its input, and the arrays that it holds."""

import base64

import numpy as np


def checked(x, shape, dtype, limit=None):
    """x as an array (N, *shape) of dtype, if nothing is lost; with a limit: of whole numbers from 0 to limit - 1"""
    given = np.asarray(x)
    if given.shape[1:] != shape or given.ndim == 0 or len(given) == 0:
        expected = ", ".join(["N", *map(str, shape)])
        one = " For a single sample pass x[None]." if given.shape == shape else ""
        raise ValueError(f"predict: expected x of shape ({expected}), received {given.shape}.{one}")
    if given.dtype.kind not in "fiub":
        raise TypeError(f"predict: expected x of dtype {dtype}, received {given.dtype}")
    with np.errstate(over="ignore"):
        a = np.array(given, dtype, order="C")
    if not np.isfinite(a).all():
        raise ValueError("predict: expected finite numbers in x, received NaN or infinity")
    if limit is not None and ((given < 0) | (given >= limit) | (given != np.floor(given))).any():
        raise ValueError(f"predict: expected whole numbers from 0 to {limit - 1} in x")
    if isinstance(x, np.ndarray) and not (a == given).all():
        raise TypeError(
            f"predict: expected x of dtype {dtype}, received {given.dtype} whose values {dtype} cannot hold exactly. "
            f"Round it with x.astype('{dtype}')."
        )
    return a


def decoded(dtype, shape, text):
    """The array of that type and shape whose bytes are `text` in base64"""
    return np.frombuffer(base64.b64decode(text), dtype).reshape(shape)
