"""Group normalisation: the channels of a sample in G groups, each shifted and scaled to mean 0 and variance 1.

Shapes: x (N, T, C), y (N, T, C); N samples, T pixels or time steps, C channels; group g has the D = C / G channels from
g D on, and g(c) is that of channel c. gamma, beta (C,); mean, inverse (N, G); dgammas, dbetas (N, C).

Forward:
    F1: mean[n, g]    = sum over t and over c in group g of x[n, t, c] / (T D)
    F2: inverse[n, g] = 1 / sqrt(sum over t and over c in group g of (x[n, t, c] - mean[n, g])^2 / (T D) + epsilon)
    F3: z[n, t, c]    = (x[n, t, c] - mean[n, g(c)]) inverse[n, g(c)]
    F4: y[n, t, c]    = gamma[c] z[n, t, c] + beta[c]

Backward, from dy = dL/dy:
    B1: dgammas[n, c] = sum over t of dy[n, t, c] z[n, t, c]
    B2: dbetas[n, c]  = sum over t of dy[n, t, c]
    B3: dx[n, t, c]   = inverse[n, g] (gamma[c] dy[n, t, c] - (a[n, g] + z[n, t, c] b[n, g]) / (T D)),  g = g(c),
        a[n, g] = sum over c in group g of gamma[c] dbetas[n, c],  b[n, g] = the same sum of gamma[c] dgammas[n, c]
dgamma and dbeta are the sums over the samples (numbanet.kernels.part_sums). B3 as in numbanet.kernels.batch_norm: a and
b are the sums of dz = gamma dy and of dz z over the group, here by way of its channels. A sample means the same in
training and in inference, and whatever the rest of the batch. One group of all channels is the layer normalisation of
whole images; as many groups as channels is instance normalisation.

Saved: x, which the layer below owns, mean and inverse. Without gamma or beta the kernels are given ones or zeros.

Source: Wu and He, Group normalization, arXiv:1803.08494 (2018), section 3.
"""
