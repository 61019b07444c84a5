from . import array, case, out

# (N, I, O): one, primes, edges that are and are no multiples of 4, several tiles, few sums over a long depth
SIZES = [(1, 1, 1), (7, 13, 3), (67, 131, 37), (36, 40, 44), (5, 700, 10), (700, 12, 20), (130, 68, 132)]


def cases():
    for N, I, O in SIZES:
        x, w, b, dy = array(N, I), array(I, O), array(O), array(N, O)
        yield case("forward", x, w, b, out(N, O))
        yield case("forward_without_bias", x, w, out(N, O))
        yield case("backward_input", dy, w, out(N, I))
        yield case("backward_kernel", dy, x, out(I, O))
        yield case("backward_bias", dy, out(O))
    # slices of the rows, and several blocks of columns
    yield case("backward_bias", array(1100, 37), out(37))
    yield case("backward_bias", array(5000, 3), out(3))
