/* numbanet.kernels.standardization, F3: y[r, c, p] = x[r, c, p] s[c] + mean[c]; y may be x */
static void destandardization(const float *x, const float *mean, const float *deviation, float *y,
                              ptrdiff_t R, ptrdiff_t C, ptrdiff_t S)
{
    for (ptrdiff_t r = 0; r < R; r++)
        for (ptrdiff_t c = 0; c < C; c++, x += S, y += S)
            for (ptrdiff_t p = 0; p < S; p++)
                y[p] = x[p] * deviation[c] + mean[c];
}
