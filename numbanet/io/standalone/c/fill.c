/* numbanet.kernels.fill, F1: a constant in every element */
static void fill(float value, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = value;
}
