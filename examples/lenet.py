"""LeNet-5 (LeCun et al., 1998) on MNIST or Fashion-MNIST, with ReLU, max pooling and dropout as it is trained today.

python examples/lenet.py --data FOLDER [--epochs 10]    FOLDER: the four IDX files, or an .npz file with images
python examples/lenet.py --download mnist               or fashion_mnist: fetched once, 11 or 31 MB
python examples/lenet.py                                the 1,797 digits that come with numbanet, enlarged
"""

import argparse
import time

import numpy as np

import numbanet as nn
from numbanet.data import split
from numbanet.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D


class Watch(nn.callbacks.Callback):
    """A line an epoch: its seconds, and the accuracy on the test images, which nothing is chosen by."""

    def __init__(self, x_test, y_test):
        self.test, self.seconds = (x_test, y_test), []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)
        accuracy = self.model.evaluate(*self.test)["accuracy"]
        found = f"loss {logs['loss']:.4f}, accuracy {logs['accuracy']:.4f}, on test images {accuracy:.4f}"
        print(f"epoch {self.model.epochs_trained:2}: {self.seconds[-1]:6.2f} s   {found}", flush=True)


def lenet5(seed=0):
    return nn.Sequential(
        [
            Conv2D(6, 5, padding="same", activation="relu"),
            MaxPooling2D(2),
            Conv2D(16, 5, activation="relu"),
            MaxPooling2D(2),
            Flatten(),
            Dropout(0.3),
            Dense(120, activation="relu"),
            Dense(84, activation="relu"),
            Dense(10),
        ],
        seed=seed,
        name="lenet5",
    )


def enlarged_digits():
    """The bundled 8x8 digits as 28x28: each pixel three by three times, in a frame of two."""
    x, y = nn.datasets.load_digits()
    images = np.pad(np.kron(x.reshape(-1, 8, 8), np.ones((1, 3, 3), np.float32)), ((0, 0), (2, 2), (2, 2)))[..., None]
    train, test = split(y, 0.2, seed=0)
    return (images[train], y[train]), (images[test], y[test])


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="a folder with IDX files, or an .npz file")
    parser.add_argument("--download", choices=["mnist", "fashion_mnist"])
    parser.add_argument("--epochs", type=int, help="default 10; 6 for the enlarged digits")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    if options.data:
        loaded = nn.datasets.load_mnist(options.data)
    elif options.download:
        loaded = getattr(nn.datasets, f"load_{options.download}")()
    else:
        loaded = enlarged_digits()
    (x, y), (x_test, y_test) = loaded
    epochs = options.epochs or (10 if options.data or options.download else 6)

    model = lenet5(options.seed)
    model.build(x.shape[1:])
    print(f"{len(x)} training and {len(x_test)} test images, {nn.get_num_threads()} threads")
    watch = Watch(x_test, y_test)
    last = epochs // 3  # epochs with a tenth of the rate: smaller steps settle where larger ones jump about
    for count, rate in ((epochs - last, 2e-3), (last, 2e-4)):
        model.compile(nn.optimizers.Adam(rate), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
        if count:
            model.fit(x, y, options.batch_size, count, callbacks=[watch], verbose=0)
    model.summary()
    print(f"\nseconds an epoch: {np.median(watch.seconds):.2f} (median)")
    print(f"test accuracy {model.evaluate(x_test, y_test)['accuracy']:.4f}")


if __name__ == "__main__":
    main()
