"""The package safetensors is the oracle of what is written, and of files by others."""

import hashlib
import os
import struct
import sys
import tracemalloc

import numpy as np
import pytest
import safetensors.numpy

from numbanet.errors import ArgumentError, FileError, MissingDependency
from numbanet.io.tensors import read_tensors, write_tensors
from tests.io.parts import join, said, sealed, split

RANDOM = np.random.default_rng(0)
TENSORS = {
    "a/kernel": RANDOM.standard_normal((3, 5)).astype("float32"),
    "a/bias": RANDOM.standard_normal(7),
    "mask": np.array([[True, False, True]]),
    "bytes": np.arange(5, dtype=np.uint8),
    "order": np.arange(4) - 2**62,
    "none": np.zeros((0, 3), np.float32),
    "number": np.array(3.5),
    "special": np.array([np.nan, np.inf, -0.0, 5e-324]),
    "ümlaut": np.ones(1, np.float32),
}
METADATA = {"kind": "test", "list": [1, 2.5, None, {"a": [True]}], "text": 'quotes " and \\', "empty": {}}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file"


def assert_same(found, expected):
    assert set(found) == set(expected)
    for name, a in expected.items():
        assert found[name].dtype == a.dtype
        assert found[name].shape == a.shape
        assert found[name].tobytes() == a.tobytes()


def test_what_was_written_is_read(path):
    write_tensors(path, TENSORS, METADATA)
    tensors, metadata = read_tensors(str(path))
    assert_same(tensors, TENSORS)
    assert metadata == METADATA
    for a in tensors.values():
        assert a.flags.aligned
        a[...] = 1  # writable
    assert_same(read_tensors(path)[0], TENSORS)


def test_no_tensors_and_no_metadata_are_a_file_too(path):
    write_tensors(path, {}, {})
    assert read_tensors(path) == ({}, {})


def test_the_package_reads_it_and_its_copy_is_as_good(path, tmp_path):
    write_tensors(path, TENSORS, METADATA)
    assert_same(safetensors.numpy.load_file(path), TENSORS)
    with safetensors.safe_open(path, "numpy") as file:
        texts = file.metadata()
    assert set(texts) == {"numbanet"}
    safetensors.numpy.save_file(safetensors.numpy.load_file(path), tmp_path / "copy", texts)
    tensors, metadata = read_tensors(tmp_path / "copy")
    assert_same(tensors, TENSORS)
    assert metadata == METADATA


def test_the_same_content_is_the_same_file(tmp_path):
    digests = set()
    for k in range(8):
        write_tensors(tmp_path / str(k), TENSORS if k % 2 else dict(reversed(TENSORS.items())), METADATA)
        digests.add(hashlib.sha256((tmp_path / str(k)).read_bytes()).hexdigest())
    assert len(digests) == 1


def test_arrays_of_other_orders_are_written_as_they_are_seen(path):
    a = RANDOM.standard_normal((4, 6)).astype("float32")
    write_tensors(path, {"f": np.asfortranarray(a), "s": a[::2, ::-1], "big": a.astype(">f4"), "list": [1.0, 2.0]}, {})
    found, _ = read_tensors(path)
    for name, expected in {"f": a, "s": a[::2, ::-1], "big": a, "list": np.array([1.0, 2.0])}.items():
        assert np.array_equal(found[name], expected)


@pytest.mark.parametrize("a", [np.zeros(2, np.float16), np.zeros(2, np.int32), np.zeros(2, complex), np.array(["x"])])
def test_other_types_are_refused(path, a):
    with pytest.raises(ArgumentError, match=r"tensors\['a'\] must be of float32"):
        write_tensors(path, {"a": a}, {})
    assert not path.exists()


@pytest.mark.parametrize("name", ["", "__metadata__", 3])
def test_tensors_have_names(path, name):
    with pytest.raises(ArgumentError, match="names"):
        write_tensors(path, {name: np.zeros(1)}, {})


@pytest.mark.parametrize("value", [float("nan"), {1: 2}, np.zeros(2), object(), b"x"], ids=repr)
def test_metadata_that_json_does_not_hold_is_refused(path, value):
    with pytest.raises(ArgumentError, match="JSON"):
        write_tensors(path, {}, {"x": value})
    assert not path.exists()


def test_metadata_without_end_is_refused(path):
    with pytest.raises(ArgumentError, match="at most 1048576 bytes"):
        write_tensors(path, {}, {"history": [0.125] * 200_000})
    assert not path.exists()


@pytest.mark.parametrize("bad", [None, 3, b"file", "", "a\0b"])
def test_a_path_is_a_path(bad):
    for action in (lambda: write_tensors(bad, {}, {}), lambda: read_tensors(bad)):
        with pytest.raises(ArgumentError, match="path"):
            action()


def test_without_the_package_writing_says_what_to_install_and_reading_works(path, monkeypatch):
    write_tensors(path, TENSORS, METADATA)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(MissingDependency, match=r"pip install 'numbanet\[files\]'"):
        write_tensors(path, {}, {})
    assert_same(read_tensors(path)[0], TENSORS)


def refused(path, content, *words):
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        read_tensors(path)
    assert str(path) in str(caught.value)
    for word in words:
        assert word in str(caught.value), str(caught.value)


def test_files_that_are_none_are_refused(path, tmp_path):
    for missing in (tmp_path / "no", tmp_path / "no" / "file", tmp_path):
        with pytest.raises(FileError, match=r"No such file|expected a file"):
            read_tensors(missing)
    refused(path, b"", "header")
    refused(path, b"PK\3\4 and so on, a zip file", "header")
    refused(path, struct.pack("<Q", 2**63) + b"{}", "9223372036854775808 bytes", "a file of 10 bytes")
    refused(path, struct.pack("<Q", 2**21) + b" " * 2**21, "at most 1048576")
    refused(path, struct.pack("<Q", 2) + b"[]", "header")
    refused(path, struct.pack("<Q", 2) + b"{}", "numbanet")
    refused(path, safetensors.numpy.save({"a": np.zeros(3)}, {"format": "pt"}), "numbanet")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(FileError, match="device"):
            read_tensors(tmp_path / "pipe")


def test_a_header_that_does_not_fit_is_refused(path):
    write_tensors(path, {"a": np.arange(4.0), "b": np.arange(2.0)}, {})
    header, payload = split(path.read_bytes())
    a, b = header["a"], header["b"]

    def change(words, **entries):
        refused(path, join({**header, **entries}, payload), *words)

    change(["'a'", "0 to 8"], a={**a, "data_offsets": [0, 8]})
    change(["begin at byte 0"], a={**a, "shape": [1], "data_offsets": [16, 24]})
    change(["begin at byte 32", "found 24"], b={**b, "data_offsets": [24, 40]})  # over one another
    change(["begin at byte 32", "found 40"], b={**b, "data_offsets": [40, 56]})  # a gap
    change(["expected 56 bytes", "found 48"], c={"dtype": "F64", "shape": [1], "data_offsets": [48, 56]})
    change(["dtype"], a={**a, "dtype": "F16"})
    change(["sizes"], a={**a, "shape": [-4]})
    change(["sizes"], a={**a, "shape": [4.0]})
    change(["sizes"], a={**a, "shape": [True, 4]})
    change(["0 to 32"], a={**a, "shape": [2**32, 2**32, 4]})  # 4 elements in 64 bits
    change(["dtype, shape and data_offsets"], a={**a, "more": 1})
    change(["dtype, shape and data_offsets"], a=[1])
    refused(path, join(header, payload + b"\0"), "48 bytes", "found 49")
    refused(path, join(header, payload[:-1]), "48 bytes", "found 47")


def test_every_flipped_bit_is_found(path):
    write_tensors(path, {"a": np.arange(2.0), "b": np.array([True, False])}, {"x": 1})
    content = path.read_bytes()
    for place in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            refused(path, bytes(changed))


def test_a_later_version_says_so(path):
    write_tensors(path, {}, {})
    header, payload = split(path.read_bytes())
    text = dict(said(header), format_version=2)
    refused(path, join({"__metadata__": {"numbanet": str(text).replace("'", '"')}}, payload), "format version 1", "2")


def test_a_bool_is_0_or_1(path):
    write_tensors(path, {"a": np.array([1, 2], np.uint8)}, {})
    header, payload = split(path.read_bytes())
    header["a"]["dtype"] = "BOOL"
    refused(path, sealed(header, {}, payload), "0 and 1")


def test_a_file_that_shrinks_while_it_is_read_is_refused(path, monkeypatch):
    write_tensors(path, {"a": np.zeros(1000)}, {})
    fstat, whole = os.fstat, path.stat()
    path.write_bytes(path.read_bytes()[:-8])
    monkeypatch.setattr("numbanet.io.tensors.os.fstat", lambda handle: whole if handle else fstat(handle))
    with pytest.raises(FileError, match="expected 8000 bytes after the header, found 7992"):
        read_tensors(path)


def test_reading_takes_memory_for_the_file_once_and_writing_for_a_copy(path):
    tensors = {"a": np.ones(2**21), "b": np.ones(2**21, np.float32)}  # 24 MiB
    size = sum(a.nbytes for a in tensors.values())

    def peak(action):
        tracemalloc.start()
        action()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(lambda: write_tensors(path, tensors, {})) < 2 * size + 2**20
    assert peak(lambda: read_tensors(path)) < size + 2**20
