/* elu with alpha = 1, as gates have it */
static void elu_one(const float *x, float *y, ptrdiff_t E)
{
    elu_forward(x, 1.0f, y, E);
}
