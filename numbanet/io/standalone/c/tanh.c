/* numbanet.kernels.activations, F1: tanh(x); y may be x */
static void tanh_forward(const float *x, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = tanhf(x[i]);
}
