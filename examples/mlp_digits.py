"""A multi-layer perceptron on 1,797 handwritten digits, its gradients checked before it trains."""

import numbanet as nn
from numbanet.layers import Dense, Dropout


def main():
    x, y = nn.datasets.load_digits()
    x_test, y_test, x, y = x[::5], y[::5], x[1::5], y[1::5]  # every fifth digit tests, another fifth trains
    small = nn.Sequential([Dense(8, activation="tanh"), Dropout(0.3), Dense(10)], seed=0)
    small.compile("adam", nn.losses.SparseCategoricalCrossentropy())
    print("gradients of a small network against central differences:")
    nn.check_gradients(small, x[:4], y[:4])

    model = nn.Sequential([Dense(64, activation="relu"), Dropout(0.3), Dense(10)], seed=0)
    model.compile(nn.optimizers.Adam(3e-3), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    stop = nn.callbacks.EarlyStopping("val_loss", patience=10, restore_best_weights=True)
    history = model.fit(x, y, batch_size=32, epochs=100, validation_split=0.15, callbacks=[stop], verbose=0)
    model.summary()
    found = model.evaluate(x_test, y_test)
    print(f"{len(x)} training digits, {len(history.epoch)} epochs, best epoch {stop.best_epoch + 1}")
    print(f"test accuracy {found['accuracy']:.4f}, test loss {found['loss']:.4f}")


if __name__ == "__main__":
    main()
