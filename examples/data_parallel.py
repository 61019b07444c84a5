"""One training on several processes, to the same bits as on one: mpiexec -n 2 python -m mpi4py data_parallel.py

Needs mpi4py and an MPI, such as the mpich that pip installs; started without mpiexec it is one process, and needs none.
"""

import hashlib

import numbanet as nn
from numbanet.distributed import DataParallel
from numbanet.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, Reshape


def main():
    x, y = nn.datasets.load_digits()
    layers = [Reshape((8, 8, 1)), Conv2D(16, 3, activation="relu"), BatchNormalization(), MaxPooling2D(2)]
    model = nn.Sequential([*layers, Flatten(), Dense(64, activation="relu"), Dropout(0.3), Dense(10)], seed=0)
    model.compile(nn.optimizers.Adam(3e-3), nn.losses.SparseCategoricalCrossentropy(), ["accuracy"])
    parallel = DataParallel(model)
    history = parallel.fit(x, y, batch_size=64, epochs=6, validation_split=0.2, verbose=0)
    weights = hashlib.sha256(b"".join(a.tobytes() for a in model.get_weights())).hexdigest()
    if parallel.rank == 0:  # the others know the same
        print(f"{parallel.size} ranks, {model.steps_trained} steps")
        print("loss by epoch", *(f"{loss:.4f}" for loss in history.history["loss"]))
        print(f"validation accuracy {history.history['val_accuracy'][-1]:.4f}")
        print(f"weights {weights[:16]}")


if __name__ == "__main__":
    main()
