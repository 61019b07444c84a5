/* numbanet.kernels.standardization, F2: y[r, c, p] = (x[r, c, p] - mean[c]) / s[c]; y may be x */
static void standardization(const float *x, const float *mean, const float *deviation, float *y,
                            ptrdiff_t R, ptrdiff_t C, ptrdiff_t S)
{
    for (ptrdiff_t r = 0; r < R; r++)
        for (ptrdiff_t c = 0; c < C; c++, x += S, y += S)
            for (ptrdiff_t p = 0; p < S; p++)
                y[p] = (x[p] - mean[c]) / deviation[c];
}
