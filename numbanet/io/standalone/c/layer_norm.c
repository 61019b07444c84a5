/* numbanet.kernels.layer_norm, F1 to F4: each row to mean 0 and variance 1, then gamma and beta; y may be x */
static void layer_norm(const float *x, const float *gamma, const float *beta, float epsilon, float *y,
                       ptrdiff_t R, ptrdiff_t C)
{
    for (ptrdiff_t r = 0; r < R; r++, x += C, y += C) {
        float mean = 0.0f, variance = 0.0f;
        for (ptrdiff_t c = 0; c < C; c++)
            mean += x[c];
        mean /= (float)C;
        for (ptrdiff_t c = 0; c < C; c++)
            variance += (x[c] - mean) * (x[c] - mean);
        float inverse = 1.0f / sqrtf(variance / (float)C + epsilon);
        for (ptrdiff_t c = 0; c < C; c++)
            y[c] = (x[c] - mean) * inverse * (gamma ? gamma[c] : 1.0f) + (beta ? beta[c] : 0.0f);
    }
}
