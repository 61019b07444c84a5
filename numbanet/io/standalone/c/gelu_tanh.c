/* numbanet.kernels.activations, F1: x s(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3); y may be x */
static void gelu_tanh_forward(const float *x, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = x[i] * sigmoid(1.5957691216057308f * (x[i] + 0.044715f * x[i] * x[i] * x[i]));
}
