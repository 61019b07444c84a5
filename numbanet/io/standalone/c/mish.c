/* numbanet.kernels.activations, F1: x tanh(softplus(x)); y may be x */
static void mish_forward(const float *x, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = x[i] * tanhf(softplus(x[i]));
}
