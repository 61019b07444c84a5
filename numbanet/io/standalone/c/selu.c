/* numbanet.kernels.activations, F1: L elu(x, A); y may be x */
static void selu_forward(const float *x, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = 1.0507009873554805f * (x[i] <= 0.0f ? 1.6732632423543772f * expm1f(x[i]) : x[i]);
}
