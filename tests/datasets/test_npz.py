import numpy as np
import pytest

from numbanet.datasets import load_npz
from numbanet.errors import ArgumentError, DataError, FileError

X, Y = np.arange(12, dtype="float32").reshape(4, 3), np.array([0, 1, 1, 0])


@pytest.fixture
def path(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=X, y=Y, images=X[:2], scalar=np.float32(3))
    return tmp_path / "a.npz"


def test_arrays_come_as_the_file_has_them(path):
    x, y = load_npz(path)
    assert (x.dtype, y.dtype) == (X.dtype, Y.dtype)
    assert np.array_equal(x, X)
    assert np.array_equal(y, Y)
    assert np.array_equal(load_npz(str(path), "images", None), X[:2])
    assert np.array_equal(load_npz(path, y="x")[1], X)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"x": "X1"}, ArgumentError, r"has the arrays x, y, images, scalar\. Received: 'X1'\. Did you mean 'x'\?"),
        ({"x": "image"}, ArgumentError, r"Did you mean 'images'\?"),
        ({"y": "label"}, ArgumentError, r"Received: 'label'\.$"),
        ({"x": "images"}, DataError, r"as many samples in images and y, received shapes \(2, 3\) and \(4,\)"),
        ({"x": "scalar", "y": "scalar"}, DataError, r"received shapes \(\) and \(\)"),
    ],
)
def test_arrays_that_are_not_there_or_do_not_belong_together(path, options, error, words):
    with pytest.raises(error, match=words):
        load_npz(path, **options)


def test_nothing_is_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{}, None]), y=np.zeros(2))
    with pytest.raises(DataError, match=r"not an \.npz file of plain arrays"):
        load_npz(tmp_path / "a.npz")


def test_other_and_damaged_files(path, tmp_path):
    np.save(tmp_path / "a.npy", X)
    with pytest.raises(DataError, match=r"expected an \.npz file, as np.savez writes it, received another file"):
        load_npz(tmp_path / "a.npy")
    whole = path.read_bytes()
    for at in np.random.default_rng(0).integers(0, len(whole), 60):  # one byte changed
        (tmp_path / "b.npz").write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            x, y = load_npz(tmp_path / "b.npz")
        except (DataError, ArgumentError):
            continue
        assert np.array_equal(x, X)
        assert np.array_equal(y, Y)
    (tmp_path / "b.npz").write_bytes(whole[:-30])
    with pytest.raises(DataError):
        load_npz(tmp_path / "b.npz")


def test_files_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "no.npz", tmp_path):
        with pytest.raises(FileError, match="cannot be read"):
            load_npz(path)
    with pytest.raises(ArgumentError, match="path must be"):
        load_npz(None)
