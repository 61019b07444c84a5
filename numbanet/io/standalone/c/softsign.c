/* numbanet.kernels.activations, F1: x / (1 + |x|); y may be x */
static void softsign_forward(const float *x, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = x[i] / (1.0f + fabsf(x[i]));
}
