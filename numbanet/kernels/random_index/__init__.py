"""Random index maps: where in an image of its own each place of an augmented axis comes from, drawn for each sample.

Shapes: index (N, L), of whole numbers from 0 to extent - 1, or -1 for "from nowhere", in the model's type; seed, stream
and axis (0 to 3, another number for each axis of a sample) int64 scalars; iteration (1,) int64; extent, the size of the
axis that is read, and low <= high, the bounds of a shift, int64 scalars. numbanet.kernels.image_gather applies maps.

Forward, with w[i] the word i of numbanet.kernels.random for (seed, stream, iteration[0]):
    F1: v[n] = w[4n + axis]
Reversal, with probability 1/2:
    F2: index[n, l] = L - 1 - l where v[n] >= 2^31, else l
Shifts by whole numbers, each from low to high equally likely (to within 2^-32), with E for the extent:
    F3: s[n] = low + floor(v[n] (high - low + 1) 2^-32)
    F4: k = l - s[n]
    F5: index[n, l] = k where 0 <= k < E, else -1                        (constant: the rest is filled)
    F6: index[n, l] = min(max(k, 0), E - 1)                              (nearest: a a a|a b c d|d d d)
    F7: index[n, l] = -1 - k where k < 0; 2E - 1 - k where k >= E; else k    (reflect: c b a|a b c d|d c b)
    F8: index[n, l] = k + E where k < 0; k - E where k >= E; else k          (wrap: b c d|a b c d|a b c)
F7 and F8 hold for shifts of at most E. A crop to L of E is F5 with low = L - E and high = 0.

There is no backward: an index has no gradient. All is worked out in whole numbers, so every device, type and number of
threads has the same maps, and a resumed training has them again.

Saved: nothing.

Source: the definitions; Simard, Steinkraus and Platt, Best practices for convolutional neural networks, ICDAR 2003,
section 2, for training on shifted images.
"""
