/* numbanet.kernels.group_norm, F1 to F4: G groups of channels, each to mean 0 and variance 1 over all positions */
static void group_norm(const float *x, const float *gamma, const float *beta, float epsilon, float *y,
                       ptrdiff_t N, ptrdiff_t T, ptrdiff_t C, ptrdiff_t G)
{
    ptrdiff_t D = C / G;
    for (ptrdiff_t n = 0; n < N; n++, x += T * C, y += T * C)
        for (ptrdiff_t first = 0; first < C; first += D) {
            float mean = 0.0f, variance = 0.0f;
            for (ptrdiff_t t = 0; t < T; t++)
                for (ptrdiff_t c = first; c < first + D; c++)
                    mean += x[t * C + c];
            mean /= (float)(T * D);
            for (ptrdiff_t t = 0; t < T; t++)
                for (ptrdiff_t c = first; c < first + D; c++)
                    variance += (x[t * C + c] - mean) * (x[t * C + c] - mean);
            float inverse = 1.0f / sqrtf(variance / (float)(T * D) + epsilon);
            for (ptrdiff_t t = 0; t < T; t++)
                for (ptrdiff_t c = first; c < first + D; c++) {
                    float z = (x[t * C + c] - mean) * inverse;
                    y[t * C + c] = z * (gamma ? gamma[c] : 1.0f) + (beta ? beta[c] : 0.0f);
                }
        }
}
