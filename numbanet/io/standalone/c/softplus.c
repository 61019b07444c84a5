/* numbanet.kernels.activations, F1: log(1 + e^x); y may be x */
static void softplus_forward(const float *x, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = softplus(x[i]);
}
