"""The equation of numbanet.kernels.flip as loops."""

from .._kernel import kernel


@kernel()
def forward(w, flipped):
    KH, KW, I, O = w.shape
    for kh in range(KH):
        for kw in range(KW):
            for i in range(I):
                for o in range(O):
                    # F1
                    flipped[kh, kw, i, o] = w[KH - 1 - kh, KW - 1 - kw, i, o]
