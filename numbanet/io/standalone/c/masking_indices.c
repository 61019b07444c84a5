/* numbanet.kernels.masking, F3: 0 where x is 0, else 1 */
static void masking_indices(const float *x, float *mask, ptrdiff_t N, ptrdiff_t T)
{
    for (ptrdiff_t s = 0; s < N * T; s++)
        mask[s] = x[s] == 0.0f ? 0.0f : 1.0f;
}
