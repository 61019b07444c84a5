/* numbanet.kernels.time_slice, F2: y is a, but for y[n, first] = one[n]; y may be a */
static void time_put(const float *one, const float *a, float *y, ptrdiff_t N, ptrdiff_t A, ptrdiff_t F, ptrdiff_t first)
{
    for (ptrdiff_t n = 0; n < N; n++, one += F)
        for (ptrdiff_t t = 0; t < A; t++, a += F, y += F)
            for (ptrdiff_t f = 0; f < F; f++)
                y[f] = t == first ? one[f] : a[f];
}
