"""Batch normalisation: each channel is shifted and scaled to mean 0 and variance 1 over the batch, then by beta, gamma.

Shapes: x (R, C), y (R, C); C channels, and R rows: the samples, and in images their pixels. mean, variance, gamma, beta
and the moving statistics (C,). Part p of P has the rows p L to (p + 1) L - 1, with L = ceil(R / P); n[p] is how many it
has. means, squares, dgammas, dbetas (P, C).

Forward. First the statistics of parts, then those of the batch (m the momentum, used in training alone):
    F1: means[p, c]        = sum over r in part p of (x[r, c] - x[0, c]) / n[p]
    F2: squares[p, c]      = sum over r in part p of (x[r, c] - x[0, c] - means[p, c])^2
    F3: mean[c]            = x[0, c] + sum over p of n[p] means[p, c] / R
    F4: variance[c]        = sum over p of (squares[p, c] + n[p] (x[0, c] + means[p, c] - mean[c])^2) / R
    F5: moving_mean[c]     = m moving_mean[c] + (1 - m) mean[c]
    F6: moving_variance[c] = m moving_variance[c] + (1 - m) variance[c]
    F7: z[r, c]            = (x[r, c] - mean[c]) / s[c],   s[c] = sqrt(variance[c] + epsilon)
    F8: y[r, c]            = gamma[c] z[r, c] + beta[c]
In inference F7 takes the moving statistics. Means count from the first row, so that they are of the size of deviations
and round as those do. So the variance has full precision where |mean| is far above the deviation, and E[x^2] - E[x]^2
would be nothing but rounding. It is the biased one (division by R), also in F6, as in Keras; PyTorch's running variance
divides by R - 1.

Backward, from dy = dL/dy:
    B1: dbetas[p, c]  = sum over r in part p of dy[r, c]
    B2: dgammas[p, c] = sum over r in part p of dy[r, c] z[r, c]
    B3: dx[r, c]      = gamma[c] / s[c] (dy[r, c] - dbeta[c] / R - z[r, c] dgamma[c] / R)
    B4: dx[r, c]      = gamma[c] / s[c] dy[r, c]                                               in inference
dgamma and dbeta are the sums over the parts (numbanet.kernels.part_sums). B3: with dz = gamma dy, mean and variance
depend on every row by dmean/dx[r] = 1/R and dvariance/dx[r] = 2 (x[r] - mean)/R. Through F7 they add
-(1/s) sum of dz / R and -(z[r]/s) sum of dz z / R to dz[r]/s. In inference the statistics are constants.

Saved: x, which the layer below owns, mean and variance. Without gamma or beta the kernels are given ones or zeros.

Source: Ioffe and Szegedy, Batch normalization, arXiv:1502.03167 (2015), algorithms 1 and 2 and section 3; F4: Chan,
Golub and LeVeque, Algorithms for computing the sample variance, The American Statistician 37 (1983), equation 2.1b.
"""
