"""Random numbers by address: number `index` of (seed, stream, step), on every device and with any number of threads.

Shapes: out (n,): uint32 for words, float64 for uniform and normal. seed, stream and step are int64 scalars; the 64
bits of seed and step are taken as unsigned, and so are the low 32 of stream. Any seed is as good as another.

A block is four words w[4b .. 4b + 3] = philox(counter, key), a bijection of the counter (numbanet.kernels._philox):
    F1: counter = (b, stream, low half of step, high half of step), key = (low half of seed, high half of seed)

Words, uniform in 0 .. 2^32 - 1:
    F2: out[i] = w[i]

Uniform in [0, 1), from the high 27 bits of one word and the high 26 of the next, the 53 bits of a float64:
    F3: out[i] = ((w[2i] >> 5) 2^26 + (w[2i + 1] >> 6)) / 2^53

Normal, mean 0 and variance 1, in pairs from the uniform numbers u. If U, V are uniform, then sqrt(-2 ln U) is the
distance from 0 of a point with two normal coordinates, and 2 pi V its angle; 1 - u is in (0, 1] and has a logarithm:
    F4: out[2i]     = sqrt(-2 ln(1 - u[2i])) cos(2 pi u[2i + 1])
    F5: out[2i + 1] = sqrt(-2 ln(1 - u[2i])) sin(2 pi u[2i + 1])
The largest number is sqrt(106 ln 2) = 8.6. A normal number may differ in its last bit from one device to another,
because the logarithms, sines and cosines do; words and uniform numbers never do.

A prefix does not depend on n: out[:m] is the same for every n >= m. There are 2^34 words in a (seed, stream, step).

Source: Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3, SC11; Box and Muller, A note on the
generation of random normal deviates, Annals of Mathematical Statistics 29 (1958). F3 is genrand_res53 of the Mersenne
Twister's authors.
"""
