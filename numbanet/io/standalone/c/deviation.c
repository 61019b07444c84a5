/* numbanet.kernels.standardization, F1: the deviation, or epsilon where that is larger */
static void deviation_of(const float *variance, float epsilon, float *deviation, ptrdiff_t C)
{
    for (ptrdiff_t c = 0; c < C; c++)
        deviation[c] = sqrtf(variance[c]) < epsilon ? epsilon : sqrtf(variance[c]);
}
