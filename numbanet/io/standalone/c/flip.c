/* numbanet.kernels.flip, F1: the window turned round */
static void flip(const float *w, float *flipped, ptrdiff_t KH, ptrdiff_t KW, ptrdiff_t I, ptrdiff_t O)
{
    for (ptrdiff_t k = 0; k < KH * KW; k++)
        for (ptrdiff_t i = 0; i < I * O; i++)
            flipped[k * I * O + i] = w[(KH * KW - 1 - k) * I * O + i];
}
