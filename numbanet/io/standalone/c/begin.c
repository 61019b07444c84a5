/* y[c] = b[c], or 0 without b */
static void begin(const float *b, float *y, ptrdiff_t C)
{
    for (ptrdiff_t c = 0; c < C; c++)
        y[c] = b ? b[c] : 0.0f;
}
