/* numbanet.kernels.embedding, F1: y[r, d] = w[x[r], d]; NaN where x[r] is not from 0 to V - 1 */
static void embedding(const float *x, const float *w, float *y, ptrdiff_t R, ptrdiff_t V, ptrdiff_t D)
{
    for (ptrdiff_t r = 0; r < R; r++) {
        const float *row = x[r] >= 0.0f && x[r] < (float)V ? w + (ptrdiff_t)x[r] * D : NULL;
        for (ptrdiff_t d = 0; d < D; d++)
            y[r * D + d] = row ? row[d] : NAN;
    }
}
