/* numbanet.kernels.conv2d, B1, where dy is x and dx is y: every cell of x lays its window on y */
static void conv2d_transpose(const float *x, const float *w, float *y,
                             ptrdiff_t N, ptrdiff_t H, ptrdiff_t W, ptrdiff_t C,
                             ptrdiff_t KH, ptrdiff_t KW, ptrdiff_t I, ptrdiff_t O, ptrdiff_t P, ptrdiff_t Q,
                             ptrdiff_t SH, ptrdiff_t SW, ptrdiff_t T, ptrdiff_t L, ptrdiff_t DH, ptrdiff_t DW)
{
    ptrdiff_t inputs = O / (C / I); /* of a group */
    for (ptrdiff_t i = 0; i < N * H * W * C; i++)
        y[i] = 0.0f;
    for (ptrdiff_t n = 0; n < N; n++, y += H * W * C)
        for (ptrdiff_t p = 0; p < P; p++)
            for (ptrdiff_t q = 0; q < Q; q++, x += O)
                for (ptrdiff_t kh = 0; kh < KH; kh++)
                    for (ptrdiff_t kw = 0; kw < KW; kw++) {
                        ptrdiff_t row = p * SH + kh * DH - T, column = q * SW + kw * DW - L;
                        if (row < 0 || row >= H || column < 0 || column >= W)
                            continue;
                        float *cell = y + (row * W + column) * C;
                        const float *weights = w + (kh * KW + kw) * I * O;
                        for (ptrdiff_t i = 0; i < I; i++)
                            for (ptrdiff_t o = 0; o < O; o++)
                                cell[o / inputs * I + i] += x[o] * weights[i * O + o];
                    }
}
