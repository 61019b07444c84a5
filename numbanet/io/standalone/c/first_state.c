/* The place of the first of T + 1 states in h (T + 1, H), which is made start, or 0 without it */
static float *first_state(const float *start, float *h, ptrdiff_t T, ptrdiff_t H, ptrdiff_t back)
{
    begin(start, h + (back ? T * H : 0), H);
    return h + (back ? T * H : 0);
}
