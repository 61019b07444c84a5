/* numbanet.kernels.up_sampling2d, F2: the two pixels of H around pixel o of H S, and the share of the second */
static float between(ptrdiff_t o, ptrdiff_t S, ptrdiff_t H, ptrdiff_t *low, ptrdiff_t *high)
{
    float s = ((float)o + 0.5f) / (float)S - 0.5f, below = floorf(s);
    *low = below > 0.0f ? (ptrdiff_t)below : 0;
    *high = (ptrdiff_t)below + 1 < H - 1 ? (ptrdiff_t)below + 1 : H - 1;
    return s - below;
}
