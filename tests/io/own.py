"""Layers and others of one's own, as the tests of model files use them."""

from numbanet import initializers, layers, losses


class TwiceDense(layers.Dense):
    """Found by its name alone."""


class Needy(layers.ReLU):
    """Its configuration leaves out what it needs."""

    def __init__(self, factor=2.0, name=None):
        super().__init__(name)
        self.factor = factor


class Unplain(layers.ReLU):
    """Its configuration is nothing that JSON holds."""

    def get_config(self):
        return super().get_config() | {"values": {1, 2}}


class Changing(layers.ReLU):
    """It comes back as another one."""

    def __init__(self, count=0, name=None):
        super().__init__(name)
        self.count = count

    def get_config(self):
        return super().get_config() | {"count": self.count + 1}


class Third(initializers.Initializer):
    """Of one's own."""

    def __call__(self, shape, seed, stream):
        return initializers.Constant(1 / 3)(shape, seed, stream)


class HalfSquares(losses.MeanSquaredError):
    """A loss of one's own."""

    def __init__(self, half=0.5):
        self.half = half
