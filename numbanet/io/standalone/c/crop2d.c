/* numbanet.kernels.zero_padding2d, B1, where dy is x: P rows and Q columns, from (top, left) on */
static void crop2d(const float *x, float *y,
                   ptrdiff_t N, ptrdiff_t H, ptrdiff_t W, ptrdiff_t C, ptrdiff_t P, ptrdiff_t Q,
                   ptrdiff_t top, ptrdiff_t left)
{
    for (ptrdiff_t n = 0; n < N; n++, x += H * W * C)
        for (ptrdiff_t i = 0; i < P; i++)
            for (ptrdiff_t j = 0; j < Q; j++, y += C)
                for (ptrdiff_t c = 0; c < C; c++)
                    y[c] = x[((i + top) * W + j + left) * C + c];
}
