/* numbanet.kernels.global_max_pool, F2: the largest over all positions, a NaN being larger than any */
static void global_max_pool(const float *x, float *restrict y, ptrdiff_t N, ptrdiff_t T, ptrdiff_t C)
{
    for (ptrdiff_t n = 0; n < N; n++, y += C) {
        for (ptrdiff_t c = 0; c < C; c++)
            y[c] = x[c];
        for (ptrdiff_t t = 0; t < T; t++, x += C)
            for (ptrdiff_t c = 0; c < C; c++)
                y[c] = x[c] > y[c] || x[c] != x[c] ? x[c] : y[c];
    }
}
