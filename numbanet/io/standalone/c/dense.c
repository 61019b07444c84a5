/* numbanet.kernels.dense, F1: y[n, o] = b[o] + sum over i of x[n, i] w[i, o] */
static void dense(const float *x, const float *w, const float *b, float *y, ptrdiff_t R, ptrdiff_t I, ptrdiff_t O)
{
    for (ptrdiff_t n = 0; n < R; n++) {
        begin(b, y + n * O, O);
        add_products(x + n * I, w, y + n * O, I, O);
    }
}
