/* numbanet.kernels.activations, F1: 1 where x >= 0, else 0; a NaN stays; y may be x */
static void step_forward(const float *x, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = x[i] >= 0.0f ? 1.0f : x[i] < 0.0f ? 0.0f : x[i];
}
