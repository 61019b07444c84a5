/* numbanet.kernels.gru, F1 to F3, F7 and F8, the reset gate after the product. z (6 H) has the gates g, r and the
   candidate of one step, and then v, what the state gives to each. */
static void gru(const float *x, const float *w, const float *u, const float *b, const float *mask,
                const float *h0, float *z, float *h,
                ptrdiff_t N, ptrdiff_t T, ptrdiff_t I, ptrdiff_t H, ptrdiff_t back,
                void (*tau)(const float *, float *, ptrdiff_t), void (*sigma)(const float *, float *, ptrdiff_t))
{
    float *v = z + 3 * H;
    for (ptrdiff_t n = 0; n < N; n++, h += (T + 1) * H) {
        float *hp = first_state(h0 ? h0 + n * H : NULL, h, T, H, back);
        for (ptrdiff_t step = 0; step < T; step++) {
            ptrdiff_t s = n * T + (back ? T - 1 - step : step);
            float *hq = back ? hp - H : hp + H;
            if (mask && mask[s] == 0.0f) { /* F8 */
                begin(hp, hq, H);
            } else {
                begin(b, z, 3 * H);
                add_products(x + s * I, w, z, I, 3 * H);
                begin(b ? b + 3 * H : NULL, v, 3 * H); /* F2 */
                add_products(hp, u, v, H, 3 * H);
                for (ptrdiff_t j = 0; j < 2 * H; j++) /* F1 */
                    z[j] += v[j];
                sigma(z, z, 2 * H);
                for (ptrdiff_t j = 0; j < H; j++) /* F3 */
                    z[2 * H + j] += z[H + j] * v[2 * H + j];
                tau(z + 2 * H, z + 2 * H, H);
                for (ptrdiff_t j = 0; j < H; j++) /* F7 */
                    hq[j] = z[j] * hp[j] + (1.0f - z[j]) * z[2 * H + j];
            }
            hp = hq;
        }
    }
}
