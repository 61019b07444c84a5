/* numbanet.kernels.lstm, F1 to F5: from the states before a step, hp and cp, to those after it, hq and cq. z (4 H) has
   the gates i, f, g, o of one step. */
static void lstm(const float *x, const float *w, const float *u, const float *b, const float *mask,
                 const float *c0, const float *h0, float *z, float *c, float *h,
                 ptrdiff_t N, ptrdiff_t T, ptrdiff_t I, ptrdiff_t H, ptrdiff_t back,
                 void (*tau)(const float *, float *, ptrdiff_t), void (*sigma)(const float *, float *, ptrdiff_t))
{
    for (ptrdiff_t n = 0; n < N; n++, c += (T + 1) * H, h += (T + 1) * H) {
        float *cp = first_state(c0 ? c0 + n * H : NULL, c, T, H, back);
        float *hp = first_state(h0 ? h0 + n * H : NULL, h, T, H, back);
        for (ptrdiff_t step = 0; step < T; step++) {
            ptrdiff_t s = n * T + (back ? T - 1 - step : step);
            float *cq = back ? cp - H : cp + H, *hq = back ? hp - H : hp + H;
            if (mask && mask[s] == 0.0f) { /* F5 */
                begin(cp, cq, H);
                begin(hp, hq, H);
            } else {
                begin(b, z, 4 * H); /* F1 */
                add_products(x + s * I, w, z, I, 4 * H);
                add_products(hp, u, z, H, 4 * H);
                sigma(z, z, 2 * H); /* F2 */
                tau(z + 2 * H, z + 2 * H, H);
                sigma(z + 3 * H, z + 3 * H, H);
                for (ptrdiff_t j = 0; j < H; j++) /* F3 */
                    cq[j] = z[H + j] * cp[j] + z[j] * z[2 * H + j];
                tau(cq, hq, H);
                for (ptrdiff_t j = 0; j < H; j++) /* F4 */
                    hq[j] *= z[3 * H + j];
            }
            cp = cq;
            hp = hq;
        }
    }
}
