"""Layer normalisation: each row is shifted and scaled to mean 0 and variance 1 over its channels, then by beta, gamma.

Shapes: x (R, C), y (R, C); C channels, and R rows: the samples, and their time steps or pixels. gamma, beta (C,); mean,
inverse (R,). A part p of P has the rows p L to (p + 1) L - 1, with L = ceil(R / P); dgammas, dbetas (P, C).

Forward:
    F1: mean[r]    = sum over c of x[r, c] / C
    F2: inverse[r] = 1 / sqrt(sum over c of (x[r, c] - mean[r])^2 / C + epsilon)
    F3: z[r, c]    = (x[r, c] - mean[r]) inverse[r]
    F4: y[r, c]    = gamma[c] z[r, c] + beta[c]

Backward, from dy = dL/dy, with dz[r, c] = gamma[c] dy[r, c]. Mean and variance of a row depend on all its channels, by
1/C and 2 (x[r, c] - mean[r])/C, so that as in numbanet.kernels.batch_norm:
    B1: dx[r, c]      = inverse[r] (dz[r, c] - sum over k of dz[r, k] / C - z[r, c] sum over k of dz[r, k] z[r, k] / C)
    B2: dgammas[p, c] = sum over r in part p of dy[r, c] z[r, c]
    B3: dbetas[p, c]  = sum over r in part p of dy[r, c]
dgamma and dbeta are the sums over the parts (numbanet.kernels.part_sums). A row means the same in training and in
inference, and whatever the rest of the batch.

Saved: x, which the layer below owns, mean and inverse. Without gamma or beta the kernels are given ones or zeros.

Source: Ba, Kiros and Hinton, Layer normalization, arXiv:1607.06450 (2016), section 3.
"""
