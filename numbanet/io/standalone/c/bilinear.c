/* numbanet.kernels.up_sampling2d, F3: the mean of four pixels, by how near they are */
static void bilinear(const float *x, float *y, ptrdiff_t N, ptrdiff_t H, ptrdiff_t W, ptrdiff_t C,
                     ptrdiff_t SH, ptrdiff_t SW)
{
    ptrdiff_t above, below, left, right;
    for (ptrdiff_t n = 0; n < N; n++, x += H * W * C)
        for (ptrdiff_t h = 0; h < H * SH; h++) {
            float f = between(h, SH, H, &above, &below);
            for (ptrdiff_t w = 0; w < W * SW; w++, y += C) {
                float g = between(w, SW, W, &left, &right);
                const float *a = x + above * W * C, *b = x + below * W * C;
                for (ptrdiff_t c = 0; c < C; c++)
                    y[c] = (1.0f - f) * ((1.0f - g) * a[left * C + c] + g * a[right * C + c])
                         + f * ((1.0f - g) * b[left * C + c] + g * b[right * C + c]);
            }
        }
}
