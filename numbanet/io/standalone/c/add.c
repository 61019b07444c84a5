/* numbanet.kernels.add, F1; y may be a or b */
static void add(const float *a, const float *b, float *y, ptrdiff_t E)
{
    for (ptrdiff_t i = 0; i < E; i++)
        y[i] = a[i] + b[i];
}
