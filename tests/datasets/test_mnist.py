"""Files of MNIST's kinds, from a folder and from a web server on this machine."""

import gzip
import hashlib
import os
import struct
import threading
from pathlib import Path

import numpy as np
import pytest

import numbanet as nn
from numbanet.datasets import download, load_fashion_mnist, load_idx, load_mnist, mnist
from numbanet.errors import ArgumentError, DataError, DownloadError, NumbanetError
from tests.datasets.web import serving

SHARED = Path(__file__).parents[3] / "shared" / "data"
CODES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def idx(a):
    """The array as an IDX file."""
    head = struct.pack(f">BBBB{a.ndim}I", 0, 0, CODES[a.dtype.name], a.ndim, *a.shape)
    return head + a.astype(a.dtype.newbyteorder(">")).tobytes()


def images(n, seed=0):
    """As many images and labels, each class in turn; an image says its number in its first pixel."""
    x = np.random.default_rng(seed).integers(0, 256, (n, 28, 28)).astype("uint8")
    x[:, 0, 0] = np.arange(n)
    x[0, 0, 1] = 255
    return x, (np.arange(n) % 10).astype("uint8")


TRAIN, TEST = images(60, 1), images(20, 2)
CONTENTS = dict(zip(mnist.PARTS, [idx(a) for a in (*TRAIN, *TEST)], strict=True))


def assert_loaded(loaded, train=TRAIN, test=TEST):
    for (x, y), (expected_x, expected_y) in zip(loaded, (train, test), strict=True):
        assert (x.dtype, y.dtype) == (np.float32, np.int64)
        assert x.shape == (len(expected_x), 28, 28, 1)
        assert (x.min(), x.max()) == (0, 1)
        assert x.flags.c_contiguous
        assert np.array_equal(np.round(x[..., 0] * 255), expected_x)
        assert np.array_equal(y, expected_y)


# --- IDX


@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (2, 3, 4), (3, 0, 2), (1,) * 9], ids=str)
@pytest.mark.parametrize("zipped", [False, True])
def test_idx_of_every_type_and_rank(tmp_path, dtype, shape, zipped):
    a = np.random.default_rng(0).uniform(-120, 120, shape)
    a = (a + 120 if dtype == "uint8" else a).astype(dtype)
    content = idx(a)
    (tmp_path / "a").write_bytes(gzip.compress(content) if zipped else content)
    loaded = load_idx(tmp_path / "a")
    assert (loaded.dtype, loaded.dtype.isnative, loaded.shape) == (np.dtype(dtype), True, shape)
    assert np.array_equal(loaded, a)
    loaded[...] = 7  # an array of one's own
    assert np.array_equal(load_idx(str(tmp_path / "a")), a)


WHOLE = idx(np.arange(6, dtype="int16").reshape(2, 3))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no IDX file.*received ''"),
        (b"\0\0\x08", "no IDX file"),
        (b"hello, world", "no IDX file.*0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E.*received '68 65 6c 6c'"),
        (b"\0\0\x0a\x01" + bytes(20), "no IDX file"),
        (b"\0\0\x08\xff" + bytes(2000), "no IDX file"),
        (WHOLE[:10], "ends within its header of 12 bytes, after 10"),
        (WHOLE[:-1], r"should have 24 bytes for its shape \(2, 3\) of int16, received 23"),
        (WHOLE + b"\0", "24 bytes.*received 25"),
        (b"\0\0\x0e\x03" + b"\xff" * 12, r"should have 633,825,299,671,392,843,082,401,579,016 bytes .* received 16"),
        (b"\0\0\x0e\x04" + bytes(4) + b"\xff" * 12, "no array can have its shape"),
        (gzip.compress(WHOLE)[:-9], "damaged gzip"),
        (gzip.compress(WHOLE)[:-8] + bytes(8), "damaged gzip"),
        (gzip.compress(WHOLE)[:12] + b"\xff" * 30, "damaged gzip"),
        (gzip.compress(WHOLE[:-1]), "received 23"),
    ],
)
def test_what_is_no_whole_idx_file_is_refused(tmp_path, content, words):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(DataError, match=f"^load_idx: .*{words}"):
        load_idx(tmp_path / "a")


def test_no_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing"):
        load_idx(tmp_path / "nothing")


# --- folders and .npz files


@pytest.mark.parametrize("load", [load_mnist, load_fashion_mnist])
@pytest.mark.parametrize("name", ["{}", "{}.gz", "dotted", "dotted.gz"])
def test_a_folder_of_idx_files(tmp_path, load, name):
    for part, content in CONTENTS.items():
        named = name.format(part).replace("dotted", part.replace("-idx", ".idx"))
        (tmp_path / named).write_bytes(gzip.compress(content) if named.endswith(".gz") else content)
    assert_loaded(load(tmp_path))
    assert_loaded(load(str(tmp_path)))


def test_a_folder_without_one_of_the_files(tmp_path):
    for part, content in list(CONTENTS.items())[:3]:
        (tmp_path / part).write_bytes(content)
    with pytest.raises(DataError, match=r"load_mnist: expected a file t10k-labels-idx1-ubyte or .*gz in .*found none"):
        load_mnist(tmp_path)


def npz(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path


def test_an_npz_file_of_kerass_layout(tmp_path):
    arrays = dict(zip(mnist.NAMES, (*TRAIN, *TEST), strict=True))
    assert_loaded(load_mnist(npz(tmp_path / "mnist.npz", **arrays)))


def test_an_npz_file_without_test_images_is_split(tmp_path):
    x, y = images(200)
    path = npz(tmp_path / "a.npz", x=x, y=y)
    first, second = load_mnist(path), load_mnist(path)
    (x_train, y_train), (x_test, y_test) = first
    assert np.bincount(y_train).tolist() == [16] * 10
    assert np.bincount(y_test).tolist() == [4] * 10
    train, test = (np.round(a[:, 0, 0, 0] * 255).astype(int) for a in (x_train, x_test))
    assert sorted([*train, *test]) == list(range(200)), "each image once"
    assert test.tolist() != list(range(160, 200))
    assert_loaded(first, (x[train], y[train]), (x[test], y[test]))
    for a, b in zip((x_train, y_train, x_test, y_test), (*second[0], *second[1]), strict=True):
        assert np.array_equal(a, b)


X, Y = TRAIN


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": X}, r"expected arrays x_train.*Received: \['x'\]"),
        ({}, "expected arrays x_train"),
        ({"x": X.reshape(-1, 784), "y": Y}, r"x of shape \(N, 28, 28\) and uint8, received \(60, 784\) and uint8"),
        ({"x": X.astype("float32"), "y": Y}, "received .* and float32"),
        ({"x": X[:, :14], "y": Y}, r"received \(60, 14, 28\)"),
        ({"x": X, "y": Y[:-1]}, r"y of 60 integers, received shape \(59,\) and uint8"),
        ({"x": X, "y": Y / 2}, "received shape .* and float64"),
        ({"x": X, "y": Y[:, None]}, r"received shape \(60, 1\)"),
        ({"x": X, "y": Y + 1}, "labels from 0 to 9 in y, received .* 10"),
        ({"x": X, "y": Y.astype(int) - 1}, "labels from 0 to 9"),
        ({"x": X[:0], "y": Y[:0]}, "labels from 0 to 9"),
        ({"x": np.array([{}, None]), "y": Y}, "plain arrays"),
        ({"x_train": X, "y_train": Y, "x_test": X, "y_test": Y[:3]}, "y_test of 60 integers"),
    ],
)
def test_an_npz_file_of_other_arrays_is_refused(tmp_path, arrays, words):
    with pytest.raises(DataError, match=f"load_mnist: .*{words}"):
        load_mnist(npz(tmp_path / "a.npz", **arrays))


def test_damaged_npz_files_are_refused(tmp_path):
    whole = npz(tmp_path / "a.npz", x=X, y=Y).read_bytes()
    random = np.random.default_rng(0)
    for cut in (1000, len(whole) - 30):
        (tmp_path / "b.npz").write_bytes(whole[:cut])
        with pytest.raises(DataError):
            load_mnist(tmp_path / "b.npz")
    for at in random.integers(0, len(whole), 40):  # one byte changed: refused, or it made no difference
        changed = bytearray(whole)
        changed[at] ^= 0xFF
        (tmp_path / "b.npz").write_bytes(changed)
        try:
            (x, _), (x_test, _) = load_mnist(tmp_path / "b.npz")
        except DataError:
            continue
        assert np.array_equal(x, load_mnist(tmp_path / "a.npz")[0][0])
        assert len(x_test) == 12


def test_a_path_to_nothing_or_to_something_else(tmp_path):
    with pytest.raises(
        DataError, match=r"expected a folder .* or an \.npz file, received no such file or folder: .*no"
    ):
        load_mnist(tmp_path / "no")
    (tmp_path / "a").write_bytes(CONTENTS[mnist.PARTS[0]])
    with pytest.raises(DataError, match=r"load_fashion_mnist: .*received another file"):
        load_fashion_mnist(tmp_path / "a")


def test_a_model_takes_what_is_loaded(tmp_path):
    arrays = dict(zip(mnist.NAMES, (*TRAIN, *TEST), strict=True))
    (x, y), _ = load_mnist(npz(tmp_path / "mnist.npz", **arrays))
    model = nn.Sequential([nn.layers.Flatten(), nn.layers.Dense(10)])
    model.compile("sgd", nn.losses.SparseCategoricalCrossentropy())
    assert model.loss_value(x[:2], y[:2]) > 0


# --- the web


@pytest.fixture
def web(tmp_path, monkeypatch):
    """The four files on a server; numbanet knows them, with a second server that is the same under another path."""
    monkeypatch.setenv("NUMBANET_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("no_proxy", "*")
    with serving() as server:
        files = []
        for part, content in CONTENTS.items():
            zipped = gzip.compress(content)
            server.files[f"/first/{part}.gz"] = server.files[f"/second/{part}.gz"] = zipped
            files.append(download.File(f"{part}.gz", len(zipped), hashlib.sha256(zipped).hexdigest()))
        source = mnist.Source((server.url + "first/", server.url + "second/"), tuple(files))
        monkeypatch.setitem(mnist.SOURCES, "mnist", source)
        yield server


FIRST = f"/first/{mnist.PARTS[0]}.gz"
SECOND = FIRST.replace("first", "second")


def folder():
    return download.data_folder() / "mnist"


def assert_kept(web):
    kept = {path.name: path.read_bytes() for path in folder().iterdir()}
    assert kept == {path.split("/")[-1]: content for path, content in web.files.items()}, "and nothing else"


def test_files_are_downloaded_once(web, tmp_path, capsys):
    assert_loaded(load_mnist())
    assert web.asked == [f"/first/{part}.gz" for part in mnist.PARTS]
    assert folder() == tmp_path / "data" / "numbanet-data" / "mnist"
    assert_kept(web)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[0] == f"downloading {web.url}first/{mnist.PARTS[0]}.gz (0.0 MB)"
    web.shutdown()  # offline from here on
    web.server_close()
    assert_loaded(load_mnist())
    assert capsys.readouterr().err == ""
    assert_loaded(load_mnist(folder()))


@pytest.mark.parametrize("how", ["missing", "interrupted", "changed", "endless", "redirect file:///etc/hosts"])
def test_another_mirror_helps(web, how):
    web.how[FIRST] = how
    assert_loaded(load_mnist())
    assert web.asked[:3] == [FIRST, SECOND, FIRST.replace("images-idx3", "labels-idx1")]
    assert_kept(web)


@pytest.mark.parametrize("how", ["unknown length", f"redirect {SECOND}"])
def test_answers_that_are_good_too(web, how):
    web.how[FIRST] = how
    assert_loaded(load_mnist())
    assert_kept(web)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("missing", "HTTP Error 404: Not Found"),
        ("interrupted", r"expected [\d,]+ bytes, received [\d,]+"),
        ("endless", r"expected ([\d,]+) bytes, received more than \1"),
        ("changed", "expected content of SHA-256 [0-9a-f]{64}, received other content"),
        ("redirect file:///etc/hosts", "not allowed"),
        ("redirect ftp://127.0.0.1/a", "unknown url type: ftp"),
    ],
)
def test_no_good_file_is_one_error_and_leaves_nothing(web, how, words):
    web.how[FIRST] = web.how[SECOND] = how
    with pytest.raises(DownloadError, match=words) as caught:
        load_mnist()
    message = str(caught.value)
    assert all(web.url + path[1:] in message for path in (FIRST, SECOND))
    assert "load_mnist(path=...)" in message
    assert "\n" not in message
    assert isinstance(caught.value, NumbanetError | OSError)
    assert not folder().exists() or not list(folder().iterdir())


def test_no_server_is_one_error(web):
    web.shutdown()
    web.server_close()
    with pytest.raises(DownloadError, match=rf"cannot download {web.url}.*refused.*load_mnist\(path=\.\.\.\)"):
        load_mnist()


@pytest.mark.parametrize("content", [b"", b"not it", "half"])
def test_a_damaged_file_is_downloaded_again(web, content):
    load_mnist()
    path = folder() / f"{mnist.PARTS[0]}.gz"
    path.write_bytes(path.read_bytes()[:-50] if content == "half" else content)
    web.asked.clear()
    assert_loaded(load_mnist())
    assert web.asked == [FIRST]
    assert_kept(web)


def test_what_was_downloaded_before_an_interruption_stays(web):
    last = f"/first/{mnist.PARTS[3]}.gz"
    for path in (last, last.replace("first", "second")):
        web.how[path] = "interrupted"
    with pytest.raises(DownloadError):
        load_mnist()
    web.how.clear()
    web.asked.clear()
    assert_loaded(load_mnist())
    assert web.asked == [last]


def test_concurrent_downloads(web):
    loaded, errors = [], []

    def load():
        try:
            loaded.append(load_mnist())
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=load) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    for each in loaded:
        assert_loaded(each)
    assert len(loaded) == 6
    assert_kept(web)


def test_where_nothing_can_be_kept_the_data_come_all_the_same(web, tmp_path):
    (tmp_path / "data").write_text("in the way")
    with pytest.warns(RuntimeWarning, match="Set NUMBANET_DATA_DIR to a writable folder"):
        assert_loaded(load_mnist())


def test_a_mirror_that_the_user_names_is_asked_and_nobody_else(web):
    web.files = {path.replace("/first/", "/mine/mnist/"): content for path, content in web.files.items()}
    assert_loaded(load_mnist(mirror=web.url + "mine/mnist"))
    assert web.asked == [f"/mine/mnist/{part}.gz" for part in mnist.PARTS]
    web.files.clear()
    (folder() / f"{mnist.PARTS[0]}.gz").unlink()
    web.asked.clear()
    with pytest.raises(DownloadError, match=r"mine/mnist/.*404"):
        load_mnist(mirror=web.url + "mine/mnist/")
    assert web.asked == [f"/mine/mnist/{mnist.PARTS[0]}.gz"]


def test_a_mirror_of_all_data_sets_has_a_folder_for_each(web, monkeypatch):
    web.files = {path.replace("/first/", "/all/mnist/"): content for path, content in web.files.items()}
    monkeypatch.setenv("NUMBANET_DATA_MIRROR", web.url + "all/")
    assert_loaded(load_mnist())
    assert web.asked == [f"/all/mnist/{part}.gz" for part in mnist.PARTS]
    (folder() / f"{mnist.PARTS[0]}.gz").unlink()
    with pytest.raises(DownloadError, match="elsewhere/"):
        load_mnist(mirror=web.url + "elsewhere")


@pytest.mark.parametrize("address", ["/home/data", "ftp://127.0.0.1/a", "file:///etc", 3])
def test_a_mirror_is_on_the_web(web, monkeypatch, address):
    with pytest.raises(ArgumentError, match="load_mnist: mirror must be the address of a folder on the web"):
        load_mnist(mirror=address)
    monkeypatch.setenv("NUMBANET_DATA_MIRROR", str(address))
    with pytest.raises(ArgumentError, match=r"load_mnist: \$NUMBANET_DATA_MIRROR must be the address"):
        load_mnist()
    assert web.asked == []


def test_a_path_or_a_mirror(tmp_path):
    with pytest.raises(ArgumentError, match="load_fashion_mnist: expected a path or a mirror, received both"):
        load_fashion_mnist(tmp_path, "https://example.org/")


def test_the_checksums_are_of_the_published_files():
    # those that the Debian package dataset-fashion-mnist has are the same, but for the names in their gzip headers
    if not SHARED.is_dir():
        pytest.skip("no shared data")
    part = mnist.PARTS[3]
    content = (SHARED / "fashion-mnist" / f"{part}.gz").read_bytes()
    made = 1504176627  # 31 August 2017, 10:50:27 UTC
    published = b"\x1f\x8b\x08\x08" + struct.pack("<I", made) + b"\0\x03" + part.encode() + b"\0" + content[10:]
    assert mnist.SOURCES["fashion_mnist"].files[3].problem(published) == ""


@pytest.mark.parametrize("name", mnist.SOURCES)
def test_sources_are_on_https(name):
    source = mnist.SOURCES[name]
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in source.mirrors)
    assert [file.name for file in source.files] == [f"{part}.gz" for part in mnist.PARTS]
    assert all(len(bytes.fromhex(file.sha256)) == 32 for file in source.files)


# --- the files that lie beside a checkout


@pytest.mark.parametrize(
    ("load", "name", "train", "test"),
    [
        (load_fashion_mnist, "fashion-mnist", 60_000, 10_000),
        (load_mnist, "mnist_10k.npz", 8_000, 2_000),
        (load_mnist, "mnist_5k.npz", 4_000, 1_000),
    ],
)
def test_real_files(load, name, train, test):
    path = Path(os.path.relpath(SHARED / name))
    if not path.exists():
        pytest.skip("no shared data")
    (x, y), (x_test, y_test) = load(path)
    assert (x.shape, x_test.shape) == ((train, 28, 28, 1), (test, 28, 28, 1))
    assert (x.dtype, x.min(), x.max(), y.dtype) == (np.float32, 0, 1, np.int64)
    counts = np.stack([np.bincount(y), np.bincount(y_test)])
    assert abs(counts[0] * test / train - counts[1]).max() <= 1, "each class in proportion"
    means = np.stack([x[y == k].mean(0).ravel() for k in range(10)])
    some = x_test[:500].reshape(-1, 1, 784)
    assert np.mean(((some - means) ** 2).sum(2).argmin(1) == y_test[:500]) > 0.6
