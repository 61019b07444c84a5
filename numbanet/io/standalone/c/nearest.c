/* numbanet.kernels.up_sampling2d, F1: y[n, h, w, c] = x[n, floor(h / SH), floor(w / SW), c] */
static void nearest(const float *x, float *y, ptrdiff_t N, ptrdiff_t H, ptrdiff_t W, ptrdiff_t C,
                    ptrdiff_t SH, ptrdiff_t SW)
{
    for (ptrdiff_t n = 0; n < N; n++, x += H * W * C)
        for (ptrdiff_t h = 0; h < H * SH; h++)
            for (ptrdiff_t w = 0; w < W * SW; w++, y += C)
                for (ptrdiff_t c = 0; c < C; c++)
                    y[c] = x[(h / SH * W + w / SW) * C + c];
}
