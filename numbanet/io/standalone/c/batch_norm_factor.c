/* gamma / s of numbanet.kernels.batch_norm, F7 and F8: s = sqrt(variance + epsilon) */
static void batch_norm_factor(const float *variance, const float *gamma, float epsilon, float *factor, ptrdiff_t C)
{
    for (ptrdiff_t c = 0; c < C; c++)
        factor[c] = (gamma ? gamma[c] : 1.0f) / sqrtf(variance[c] + epsilon);
}
