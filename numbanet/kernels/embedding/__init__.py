"""An embedding: a table with a row of numbers for each of V things, and the rows of those that are named.

Shapes: x (R), w (V, E), y (R, E), dy (R, E), dw (V, E); R positions, V rows of the table, E columns. x holds whole
numbers 0 <= x[r] < V in the type of w. The door of the model has checked them (numbanet.kernels.check, F4): they are
addresses here, and another number is undefined. V is at most 2^24, so that float32 holds every one.

Forward:
    F1: y[r, e] = w[x[r], e]

Backward, from dy = dL/dy. By F1, dy[r, e]/dw[v, e] = 1 where x[r] = v, else 0:
    B1: dw[v, e] = sum over r with x[r] = v of dy[r, e], in the order of r

A row of the table that no position names has the gradient 0. There is no dx: indices have no gradient. Saved: x, which
the model owns.

Source: Bengio, Ducharme, Vincent and Jauvin, A neural probabilistic language model, JMLR 3 (2003), the matrix C.
"""
