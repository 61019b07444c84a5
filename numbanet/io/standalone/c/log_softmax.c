/* numbanet.kernels.log_softmax, F1 and F2: (x - m) - log(sum of e^(x - m)), m the largest x of the row; y may be x */
static void log_softmax(const float *x, float *y, ptrdiff_t R, ptrdiff_t C)
{
    for (ptrdiff_t r = 0; r < R; r++, x += C, y += C) {
        float m = x[0], total = 0.0f;
        for (ptrdiff_t c = 1; c < C; c++)
            m = x[c] > m ? x[c] : m;
        for (ptrdiff_t c = 0; c < C; c++)
            total += expf(x[c] - m);
        total = logf(total);
        for (ptrdiff_t c = 0; c < C; c++)
            y[c] = (x[c] - m) - total;
    }
}
