/* numbanet.kernels.activations, F1: 1 / (1 + e^-x); y may be x */
static void sigmoid_forward(const float *x, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = sigmoid(x[i]);
}
