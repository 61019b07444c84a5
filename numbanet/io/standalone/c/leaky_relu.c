/* numbanet.kernels.activations, F1: x where x > 0, else alpha x; y may be x */
static void leaky_relu_forward(const float *x, float alpha, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = x[i] <= 0.0f ? alpha * x[i] : x[i];
}
