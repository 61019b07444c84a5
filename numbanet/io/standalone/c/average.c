/* numbanet.kernels.merge, F3; y may be a or b */
static void average(const float *a, const float *b, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = (a[i] + b[i]) / 2.0f;
}
