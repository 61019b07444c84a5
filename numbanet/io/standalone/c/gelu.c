/* numbanet.kernels.activations, F1: x Phi(x), Phi the normal distribution function; y may be x */
static void gelu_forward(const float *x, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = x[i] * 0.5f * erfcf(-x[i] * 0.70710678118654752f);
}
