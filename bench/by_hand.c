/* What bench/roofs.py holds numbanet's kernels against: the same work, written by hand in C. */

#include <stddef.h>
#include <string.h>

#if defined(__AVX512F__)
#define WIDTH 64
#elif defined(__AVX__)
#define WIDTH 32
#else
#define WIDTH 16
#endif

/* Twelve vectors that do not wait for one another: two multiply-adds a cycle, and their results 4 or 5 cycles later. */
#define MULTIPLY_ADDS(name, type)                                                                              \
    typedef type name##_vector __attribute__((vector_size(WIDTH)));                                            \
    void name(long turns, type factor, type term, type *last, int threads)                                     \
    {                                                                                                          \
        _Pragma("omp parallel for num_threads(threads) schedule(static, 1)") for (int t = 0; t < threads; t++) \
        {                                                                                                      \
            const name##_vector zero = {0}, a = zero + factor, b = zero + term;                                \
            name##_vector p = zero, q = b, r = p + b, s = q + b, u = r + b, v = s + b;                         \
            name##_vector w = u + b, x = v + b, y = w + b, z = x + b, k = y + b, l = z + b;                    \
            for (long i = 0; i < turns; i++) {                                                                 \
                p = p * a + b, q = q * a + b, r = r * a + b, s = s * a + b;                                    \
                u = u * a + b, v = v * a + b, w = w * a + b, x = x * a + b;                                    \
                y = y * a + b, z = z * a + b, k = k * a + b, l = l * a + b;                                    \
            }                                                                                                  \
            last[t] = (p + q + r + s + u + v + w + x + y + z + k + l)[0];                                      \
        }                                                                                                      \
    }

MULTIPLY_ADDS(multiply_adds_float32, float)
MULTIPLY_ADDS(multiply_adds_float64, double)

int numbers_of_a_thread(int size) { return 12 * WIDTH / size; }

/* A slice for each thread. */
void copy_memcpy(char *to, const char *from, size_t size, int threads)
{
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; t++) {
        size_t first = size / threads * t, end = t == threads - 1 ? size : size / threads * (t + 1);
        memcpy(to + first, from + first, end - first);
    }
}

void copy_loop(float *restrict to, const float *restrict from, size_t size, int threads)
{
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t i = 0; i < size / sizeof(float); i++)
        to[i] = from[i];
}
