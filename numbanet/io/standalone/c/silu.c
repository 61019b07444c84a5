/* numbanet.kernels.activations, F1: x s(x), s the sigmoid; y may be x */
static void silu_forward(const float *x, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = x[i] * sigmoid(x[i]);
}
