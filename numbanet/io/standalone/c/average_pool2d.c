/* numbanet.kernels.average_pool2d, F1: the mean of each window; cells outside of x are not counted */
static void average_pool2d(const float *x, float *restrict y,
                           ptrdiff_t N, ptrdiff_t H, ptrdiff_t W, ptrdiff_t C, ptrdiff_t P, ptrdiff_t Q,
                           ptrdiff_t K, ptrdiff_t L, ptrdiff_t S, ptrdiff_t R, ptrdiff_t top, ptrdiff_t left)
{
    for (ptrdiff_t n = 0; n < N; n++, x += H * W * C)
        for (ptrdiff_t p = 0; p < P; p++)
            for (ptrdiff_t q = 0; q < Q; q++, y += C) {
                ptrdiff_t m = 0;
                for (ptrdiff_t c = 0; c < C; c++)
                    y[c] = 0.0f;
                for (ptrdiff_t i = 0; i < K; i++)
                    for (ptrdiff_t j = 0; j < L; j++) {
                        ptrdiff_t h = p * S - top + i, w = q * R - left + j;
                        if (h < 0 || h >= H || w < 0 || w >= W)
                            continue;
                        const float *cell = x + (h * W + w) * C;
                        for (ptrdiff_t c = 0; c < C; c++)
                            y[c] += cell[c];
                        m++;
                    }
                for (ptrdiff_t c = 0; c < C; c++)
                    y[c] /= (float)m;
            }
}
