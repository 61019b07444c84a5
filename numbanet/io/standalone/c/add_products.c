/* y[o] += sum over i of x[i] w[i, o]: what the time goes into. Four rows of w at once, so that y is moved less often;
   in lines of 16, which compilers turn into vectors at -O2, where they leave loops of unknown length as they are. */
static void add_products(const float *x, const float *w, float *restrict y, ptrdiff_t I, ptrdiff_t O)
{
    ptrdiff_t fours = I - I % 4, lines = O - O % 16;
    for (ptrdiff_t i = 0; i < fours; i += 4) {
        const float *w0 = w + i * O, *w1 = w0 + O, *w2 = w1 + O, *w3 = w2 + O;
        for (ptrdiff_t o = 0; o < lines; o += 16)
            for (ptrdiff_t k = o; k < o + 16; k++)
                y[k] += x[i] * w0[k] + x[i + 1] * w1[k] + x[i + 2] * w2[k] + x[i + 3] * w3[k];
        for (ptrdiff_t o = lines; o < O; o++)
            y[o] += x[i] * w0[o] + x[i + 1] * w1[o] + x[i + 2] * w2[o] + x[i + 3] * w3[o];
    }
    for (ptrdiff_t i = fours; i < I; i++) {
        for (ptrdiff_t o = 0; o < lines; o += 16)
            for (ptrdiff_t k = o; k < o + 16; k++)
                y[k] += x[i] * w[i * O + k];
        for (ptrdiff_t o = lines; o < O; o++)
            y[o] += x[i] * w[i * O + o];
    }
}
