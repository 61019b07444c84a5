"""Real data, and files of one's own.

The digits and sunspots come with numbanet; MNIST, Fashion-MNIST, CIFAR-10 and CIFAR-100 come from their files or the
web; tables from CSV files, arrays from .npz and IDX files.
"""

from .cifar import load_cifar10, load_cifar100
from .digits import load_digits
from .idx import load_idx
from .mnist import load_fashion_mnist, load_mnist
from .npz import load_npz
from .preparing import to_categorical, train_test_split
from .sunspots import load_sunspots
from .table import Table, load_csv, read_table

__all__ = [
    "Table",
    "load_cifar10",
    "load_cifar100",
    "load_csv",
    "load_digits",
    "load_fashion_mnist",
    "load_idx",
    "load_mnist",
    "load_npz",
    "load_sunspots",
    "read_table",
    "to_categorical",
    "train_test_split",
]
