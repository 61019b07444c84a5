/* numbanet.kernels.activations, F1: (x + 3) / 6, between 0 and 1; y may be x */
static void hard_sigmoid_forward(const float *x, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = x[i] <= -3.0f ? 0.0f : x[i] >= 3.0f ? 1.0f : (x[i] + 3.0f) / 6.0f;
}
