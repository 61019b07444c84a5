/* numbanet.kernels.depthwise_conv2d, F1: y[n, p, q, c M + m] = b[c M + m] + sum over kh, kw of
   x[n, p SH + kh DH - T, q SW + kw DW - L, c] w[kh, kw, c, m] */
static void depthwise_conv2d(const float *x, const float *w, const float *b, float *restrict y,
                             ptrdiff_t N, ptrdiff_t H, ptrdiff_t W, ptrdiff_t C,
                             ptrdiff_t KH, ptrdiff_t KW, ptrdiff_t M, ptrdiff_t P, ptrdiff_t Q,
                             ptrdiff_t SH, ptrdiff_t SW, ptrdiff_t T, ptrdiff_t L, ptrdiff_t DH, ptrdiff_t DW)
{
    for (ptrdiff_t n = 0; n < N; n++, x += H * W * C)
        for (ptrdiff_t p = 0; p < P; p++)
            for (ptrdiff_t q = 0; q < Q; q++, y += C * M) {
                begin(b, y, C * M);
                for (ptrdiff_t kh = 0; kh < KH; kh++)
                    for (ptrdiff_t kw = 0; kw < KW; kw++) {
                        ptrdiff_t row = p * SH + kh * DH - T, column = q * SW + kw * DW - L;
                        if (row < 0 || row >= H || column < 0 || column >= W)
                            continue;
                        const float *cell = x + (row * W + column) * C, *weights = w + (kh * KW + kw) * C * M;
                        for (ptrdiff_t c = 0; c < C; c++)
                            for (ptrdiff_t m = 0; m < M; m++)
                                y[c * M + m] += cell[c] * weights[c * M + m];
                    }
            }
}
