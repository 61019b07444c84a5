/* log(1 + e^x) */
static float softplus(float x)
{
    return (x <= 0.0f ? 0.0f : x) + log1pf(expf(-fabsf(x)));
}
