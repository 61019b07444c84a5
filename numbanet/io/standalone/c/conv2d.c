/* numbanet.kernels.conv2d, F1: y[n, p, q, o] = b[o] + sum over kh, kw, i of
   x[n, p SH + kh DH - T, q SW + kw DW - L, g I + i] w[kh, kw, i, o], g the group of o. A row of outputs takes one cell
   of the window after the other, so that the weights of a cell stay in the cache. */
static void conv2d(const float *x, const float *w, const float *b, float *y,
                   ptrdiff_t N, ptrdiff_t H, ptrdiff_t W, ptrdiff_t C,
                   ptrdiff_t KH, ptrdiff_t KW, ptrdiff_t I, ptrdiff_t O, ptrdiff_t P, ptrdiff_t Q,
                   ptrdiff_t SH, ptrdiff_t SW, ptrdiff_t T, ptrdiff_t L, ptrdiff_t DH, ptrdiff_t DW)
{
    ptrdiff_t outputs = O / (C / I); /* of a group */
    for (ptrdiff_t n = 0; n < N; n++, x += H * W * C)
        for (ptrdiff_t p = 0; p < P; p++, y += Q * O) {
            for (ptrdiff_t q = 0; q < Q; q++)
                begin(b, y + q * O, O);
            for (ptrdiff_t kh = 0; kh < KH; kh++)
                for (ptrdiff_t kw = 0; kw < KW; kw++)
                    for (ptrdiff_t q = 0; q < Q; q++) {
                        ptrdiff_t row = p * SH + kh * DH - T, column = q * SW + kw * DW - L;
                        if (row < 0 || row >= H || column < 0 || column >= W)
                            continue;
                        const float *cell = x + (row * W + column) * C, *weights = w + (kh * KW + kw) * I * O;
                        if (I == C)
                            add_products(cell, weights, y + q * O, I, O);
                        else
                            for (ptrdiff_t i = 0; i < I; i++)
                                for (ptrdiff_t o = 0; o < O; o++)
                                    y[q * O + o] += cell[o / outputs * I + i] * weights[i * O + o];
                    }
        }
}
