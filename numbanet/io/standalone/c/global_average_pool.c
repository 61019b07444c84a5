/* numbanet.kernels.global_average_pool, F1: the mean over all positions */
static void global_average_pool(const float *x, float *restrict y, ptrdiff_t N, ptrdiff_t T, ptrdiff_t C)
{
    for (ptrdiff_t n = 0; n < N; n++, y += C) {
        for (ptrdiff_t c = 0; c < C; c++)
            y[c] = 0.0f;
        for (ptrdiff_t t = 0; t < T; t++, x += C)
            for (ptrdiff_t c = 0; c < C; c++)
                y[c] += x[c];
        for (ptrdiff_t c = 0; c < C; c++)
            y[c] /= (float)T;
    }
}
