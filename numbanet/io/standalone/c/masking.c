/* numbanet.kernels.masking, F1 and F2: the mask, 0 where all features are `value`, and x times it */
static void masking(const float *x, float value, float *mask, float *y, ptrdiff_t N, ptrdiff_t T, ptrdiff_t F)
{
    for (ptrdiff_t s = 0; s < N * T; s++, x += F, y += F) {
        mask[s] = 0.0f;
        for (ptrdiff_t f = 0; f < F; f++)
            if (x[f] != value)
                mask[s] = 1.0f;
        for (ptrdiff_t f = 0; f < F; f++)
            y[f] = x[f] * mask[s];
    }
}
