"""What a small convolutional network sees: the feature maps of its layers for one digit, drawn as a picture."""

import numpy as np

import numbanet as nn
from numbanet.errors import MissingDependency
from numbanet.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D

PICTURE = "feature_maps.png"


def main():
    x, y = nn.datasets.load_digits()
    x = x.reshape(-1, 8, 8, 1)
    tests = np.arange(len(x)) % 5 == 2  # every fifth digit
    x, y, x_test, y_test = x[~tests], y[~tests], x[tests], y[tests]
    model = nn.Sequential(
        [
            Conv2D(8, 3, padding="same", activation="relu", name="strokes"),
            MaxPooling2D(2, name="pooled"),
            Conv2D(16, 3, padding="same", activation="relu", name="parts"),
            Flatten(),
            Dropout(0.3),
            Dense(10),
        ],
        seed=0,
    )
    model.compile(nn.optimizers.Adam(2e-3), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    model.fit(x, y, batch_size=32, epochs=15, verbose=0)
    model.summary()
    print(f"\ntest accuracy {model.evaluate(x_test, y_test)['accuracy']:.4f}")

    image, label = x_test[0], y_test[0]
    print(f"\nthe channels of 'strokes' for a {label}, after the image itself")
    strokes = nn.teach.layer_output(model, image[None], "strokes")[0]
    shades = np.array(list(" ░▒▓█"))
    grids = [image[:, :, 0], *np.moveaxis(strokes, 2, 0)]
    drawn = [shades[(a / max(a.max(), 1e-6) * 4).round().astype(int)] for a in grids]
    for line in zip(*drawn, strict=True):
        print("  ".join("".join(row) for row in line))
    asleep = [name for name in ("strokes", "parts") if asleep_channels(model, x_test, name)]
    print(f"channels that no test digit wakes up: {'in ' + ' and '.join(asleep) if asleep else 'none'}")
    try:
        print(f"feature maps: {nn.plot.feature_maps(model, image, PICTURE)}")
    except MissingDependency as error:
        print(f"no picture: {error}")


def asleep_channels(model, x, layer):
    """Channels of a layer that are 0 at every pixel of every image."""
    return int((nn.teach.layer_output(model, x, layer).max(axis=(0, 1, 2)) == 0).sum())


if __name__ == "__main__":
    main()
