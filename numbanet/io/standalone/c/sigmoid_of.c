/* 1 / (1 + e^-x); the exponent is never positive, so that nothing overflows */
static float sigmoid(float x)
{
    float e = expf(-fabsf(x));
    return (x > 0.0f ? 1.0f : e) / (1.0f + e);
}
