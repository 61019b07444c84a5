/* numbanet.kernels.zero_padding2d, F1: a frame of zeros */
static void zero_padding2d(const float *x, float *y,
                           ptrdiff_t N, ptrdiff_t H, ptrdiff_t W, ptrdiff_t C, ptrdiff_t P, ptrdiff_t Q,
                           ptrdiff_t top, ptrdiff_t left)
{
    for (ptrdiff_t n = 0; n < N; n++, x += H * W * C)
        for (ptrdiff_t h = 0; h < P; h++)
            for (ptrdiff_t w = 0; w < Q; w++, y += C) {
                ptrdiff_t i = h - top, j = w - left;
                for (ptrdiff_t c = 0; c < C; c++)
                    y[c] = i >= 0 && i < H && j >= 0 && j < W ? x[(i * W + j) * C + c] : 0.0f;
            }
}
