/* numbanet.kernels.bias, F1: y[r, c] = x[r, c] + b[c]; y may be x */
static void bias(const float *b, const float *x, float *y, ptrdiff_t R, ptrdiff_t C)
{
    for (ptrdiff_t r = 0; r < R; r++)
        for (ptrdiff_t c = 0; c < C; c++)
            y[r * C + c] = x[r * C + c] + b[c];
}
