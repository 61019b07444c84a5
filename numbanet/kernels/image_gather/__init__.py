"""Images put together from their own rows and columns: flips, shifts and crops, another one for each sample.

Shapes: x, dx (N, H, W, C); y, dy (N, P, Q, C); rows (N, P) and columns (N, Q) hold whole numbers, -1 <= rows < H and
-1 <= columns < W, in the model's type; fill_value float64. numbanet.kernels.random_index draws such maps.

Forward, with i = rows[n, p] and j = columns[n, q]:
    F1: y[n, p, q, c] = x[n, i, j, c] where i >= 0 and j >= 0, else fill_value

Backward, from dy = dL/dy. What was copied to several places has the sum of their gradients, what was copied nowhere 0:
    B1: dx[n, i, j, c] = the sum of dy[n, p, q, c] over all p with rows[n, p] = i and all q with columns[n, q] = j
The sum is taken by ascending p, then q, on every device, so that its bits do not depend on the number of threads.

Saved: nothing beside the maps, which are the forward pass's own.

Source: the definition; B1 is the transpose of F1.
"""
