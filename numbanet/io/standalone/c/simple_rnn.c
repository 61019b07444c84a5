/* numbanet.kernels.simple_rnn, F1 and F2: h[q] = tau(b + x[s] w + h[p] u); where the mask is 0, h[q] = h[p] */
static void simple_rnn(const float *x, const float *w, const float *u, const float *b, const float *mask,
                       const float *h0, float *h, ptrdiff_t N, ptrdiff_t T, ptrdiff_t I, ptrdiff_t H, ptrdiff_t back,
                       void (*tau)(const float *, float *, ptrdiff_t))
{
    for (ptrdiff_t n = 0; n < N; n++, h += (T + 1) * H) {
        float *hp = first_state(h0 ? h0 + n * H : NULL, h, T, H, back);
        for (ptrdiff_t step = 0; step < T; step++) {
            ptrdiff_t s = n * T + (back ? T - 1 - step : step);
            float *hq = back ? hp - H : hp + H;
            if (mask && mask[s] == 0.0f) { /* F2 */
                begin(hp, hq, H);
            } else { /* F1 */
                begin(b, hq, H);
                add_products(x + s * I, w, hq, I, H);
                add_products(hp, u, hq, H, H);
                tau(hq, hq, H);
            }
            hp = hq;
        }
    }
}
