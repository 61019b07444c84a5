/* numbanet.kernels.merge, F1: side by side along the last axis */
static void concatenate(const float *a, const float *b, float *y, ptrdiff_t R, ptrdiff_t A, ptrdiff_t B)
{
    for (ptrdiff_t r = 0; r < R; r++, a += A, b += B, y += A + B) {
        for (ptrdiff_t i = 0; i < A; i++)
            y[i] = a[i];
        for (ptrdiff_t i = 0; i < B; i++)
            y[A + i] = b[i];
    }
}
