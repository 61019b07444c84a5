/* numbanet.kernels.batch_norm, F7 and F8, in inference: y = (x - mean) factor + beta, factor = gamma / s; y may be x */
static void batch_norm(const float *x, const float *mean, const float *factor, const float *beta, float *y,
                       ptrdiff_t R, ptrdiff_t C)
{
    for (ptrdiff_t r = 0; r < R; r++, x += C, y += C)
        for (ptrdiff_t c = 0; c < C; c++)
            y[c] = (x[c] - mean[c]) * factor[c] + (beta ? beta[c] : 0.0f);
}
