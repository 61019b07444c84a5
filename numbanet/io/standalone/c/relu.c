/* numbanet.kernels.activations, F1: max(x, 0); y may be x */
static void relu_forward(const float *x, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = x[i] <= 0.0f ? 0.0f : x[i];
}
