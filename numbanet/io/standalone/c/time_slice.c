/* numbanet.kernels.time_slice, F1: y[n, t] = a[n, first + step t] */
static void time_slice(const float *a, float *y, ptrdiff_t N, ptrdiff_t A, ptrdiff_t T, ptrdiff_t F,
                       ptrdiff_t first, ptrdiff_t step)
{
    for (ptrdiff_t n = 0; n < N; n++, a += A * F)
        for (ptrdiff_t t = 0; t < T; t++, y += F)
            for (ptrdiff_t f = 0; f < F; f++)
                y[f] = a[(first + step * t) * F + f];
}
