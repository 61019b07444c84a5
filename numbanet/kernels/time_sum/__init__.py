"""The gradient of weights that every step of a sequence uses: a sum over all samples and steps.

Shapes: dz (N, T, O), a (N, A, I) with A >= T + shift, mask (N, T), keep (N, I) or (N, 0), dw (I, O); N samples, T
steps, I inputs of the weights, O outputs. a holds what the weights multiply: at step s of dz, a[n, s + shift].
columns = (first, last): the outputs from first on and before last are computed, the others of dw stay as they are.

Forward, which the loops of the recurrent layers compute:
    F1: z[n, s] = (a[n, s + shift] keep[n]) w, without keep where it has no elements

Backward:
    B1: dw[i, o] = sum over n and s with mask[n, s] not 0 of a[n, s + shift, i] keep[n, i] dz[n, s, o]
and of a bias b (O), which every step adds:
    B2: db[o] = sum over n and s with mask[n, s] not 0 of dz[n, s, o]

Steps whose mask is 0 are left out, not multiplied by 0: whatever stands there changes nothing and takes no time.

Source: numbanet.kernels.dense, B2, with a step of a sample as a row.
"""
