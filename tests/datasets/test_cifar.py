"""Archives of CIFAR's true formats with few records, from a path and from a web server on this machine."""

import gzip
import hashlib
import io
import tarfile

import numpy as np
import pytest

import numbanet as nn
from numbanet.datasets import cifar, download, load_cifar10, load_cifar100
from numbanet.errors import ArgumentError, DataError, DownloadError
from tests.datasets.web import serving

LOAD = {"cifar10": load_cifar10, "cifar100": load_cifar100}
RECORDS = {"cifar10": (4, 3, 5, 2, 6, 7), "cifar100": (9, 5)}  # in each file, the last for testing


def made(name, seed=0):
    """Pictures (N, 32, 32, 3) and labels (N, 1 or 2) of each file."""
    random, classes = np.random.default_rng(seed), cifar.LAYOUTS[name].classes
    return [
        (
            random.integers(0, 256, (n, 32, 32, 3), np.uint8),
            np.column_stack([random.integers(0, c, n, np.uint8) for c in classes]),
        )
        for n in RECORDS[name]
    ]


def binary(x, labels):
    """Records as the publisher describes them: labels, then the red plane row by row, the green and the blue."""
    return b"".join(
        bytes(y) + b"".join(image[..., c].tobytes() for c in range(3)) for image, y in zip(x, labels, strict=True)
    )


MADE = {name: made(name) for name in LOAD}
FILES = {
    name: {file: binary(*part) for file, part in zip(cifar.LAYOUTS[name].names, MADE[name], strict=True)}
    for name in LOAD
}


def tar(entries, mode="w:gz"):
    """An archive of (name or TarInfo, content)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for entry, content in entries:
            info = tarfile.TarInfo(entry) if isinstance(entry, str) else entry
            info.size = len(content) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def published(name, files=None, folder=None):
    """The archive, with the files that stand beside the records in it."""
    folder = cifar.LAYOUTS[name].folder if folder is None else folder
    directory = tarfile.TarInfo(folder or ".")
    directory.type = tarfile.DIRTYPE
    entries = [(f"{folder}/{file}" if folder else file, content) for file, content in (files or FILES[name]).items()]
    return tar([(directory, b""), (f"{folder}/batches.meta.txt", b"airplane\n"), *entries[::-1], ("readme.html", b"")])


def assert_loaded(loaded, name, label=-1):
    for (x, y), parts in zip(loaded, (MADE[name][:-1], MADE[name][-1:]), strict=True):
        images, labels = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
        assert (x.dtype, y.dtype, x.flags.c_contiguous) == (np.float32, np.int64, True)
        assert np.array_equal(x, images / np.float32(255))
        assert np.array_equal(y, labels[:, label])


@pytest.fixture(params=LOAD)
def name(request):
    return request.param


def test_an_archive(name, tmp_path):
    path = tmp_path / "a.tar.gz"
    path.write_bytes(published(name))
    assert_loaded(LOAD[name](path), name)
    assert_loaded(LOAD[name](str(path)), name)
    assert [p.name for p in tmp_path.iterdir()] == ["a.tar.gz"], "nothing is unpacked"


def test_archives_that_were_packed_otherwise(name, tmp_path):
    for content in (published(name, folder=""), tar([(f"./{f}", c) for f, c in FILES[name].items()], "w")):
        (tmp_path / "a").write_bytes(content)
        assert_loaded(LOAD[name](tmp_path / "a"), name)


def test_a_folder(name, tmp_path):
    inner = tmp_path / cifar.LAYOUTS[name].folder
    inner.mkdir()
    for file, content in FILES[name].items():
        (inner / file).write_bytes(content)
    assert_loaded(LOAD[name](inner), name)
    assert_loaded(LOAD[name](tmp_path), name)


def test_coarse_labels(tmp_path):
    (tmp_path / "a").write_bytes(published("cifar100"))
    assert_loaded(load_cifar100(tmp_path / "a", label_mode="coarse"), "cifar100", label=0)
    with pytest.raises(
        ArgumentError, match=r"label_mode must be one of coarse, fine\. Received: 'fin'\. Did you mean 'fine'"
    ):
        load_cifar100(tmp_path / "a", label_mode="fin")


def test_a_model_takes_what_is_loaded(tmp_path):
    (tmp_path / "a").write_bytes(published("cifar10"))
    (x, y), _ = load_cifar10(tmp_path / "a")
    model = nn.Sequential([nn.layers.Flatten(), nn.layers.Dense(10)])
    model.compile("sgd", nn.losses.SparseCategoricalCrossentropy())
    assert model.loss_value(x, y) > 0


# --- what is no such archive


def changed(name, **contents):
    return FILES[name] | {f"{file}.bin": content for file, content in contents.items()}


ZIPPED = published("cifar10")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (ZIPPED[: len(ZIPPED) // 2], "not a whole .tar.gz archive"),
        (ZIPPED[:-9], "not a whole .tar.gz archive"),
        (ZIPPED[:-8] + bytes(8), "not a whole .tar.gz archive: CRC check failed"),
        (gzip.decompress(ZIPPED)[:9000], "not a whole .tar.gz archive"),
        (b"", "not a whole .tar.gz archive"),
        (b"<html>not found</html>" * 99, "not a whole .tar.gz archive"),
        (gzip.compress(b"not a tar" * 999), "not a whole .tar.gz archive"),
        (published("cifar100"), "expected the files data_batch_1.bin, .*test_batch.bin in it.*the binary version"),
        (published("cifar10", changed("cifar10", test_batch=b"")), "3,073 bytes in test_batch.bin, received 0 bytes"),
        (
            published("cifar10", changed("cifar10", data_batch_2=bytes(3073 * 3 - 1))),
            "expected records of 3,073 bytes in data_batch_2.bin, received 9,218 bytes",
        ),
        (
            published("cifar10", changed("cifar10", data_batch_3=b"\x0a" + bytes(3072))),
            "labels from 0 to 9 in data_batch_3.bin, received 10",
        ),
        (published("cifar10", changed("cifar10", test_batch=bytes(3073 * 21))), "at most 20 records"),
        (tar([("test_batch.bin", bytes(3073)), ("./test_batch.bin", bytes(3073))]), "to be one file of at most"),
    ],
    ids=range(13),
)
def test_what_is_no_whole_archive_is_refused(tmp_path, monkeypatch, content, words):
    monkeypatch.setattr(cifar, "MOST_RECORDS", 20)
    (tmp_path / "a.tar.gz").write_bytes(content)
    with pytest.raises(DataError, match=f"load_cifar10: .*{words}"):
        load_cifar10(tmp_path / "a.tar.gz")


@pytest.mark.parametrize(
    ("labels", "words"), [(b"\x14\0", "labels from 0 to 19 .* received 20"), (b"\0\x64", "labels from 0 to 99 .* 100")]
)
def test_both_labels_of_cifar_100_are_checked(tmp_path, labels, words):
    (tmp_path / "a").write_bytes(published("cifar100", changed("cifar100", test=labels + bytes(3072))))
    for mode in ("fine", "coarse"):
        with pytest.raises(DataError, match=f"load_cifar100: expected {words}"):
            load_cifar100(tmp_path / "a", label_mode=mode)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_not_followed(tmp_path, kind):
    (tmp_path / "secret").write_bytes(FILES["cifar10"]["test_batch.bin"])
    link = tarfile.TarInfo("test_batch.bin")
    link.type, link.linkname = kind, str(tmp_path / "secret")
    others = [(file, content) for file, content in FILES["cifar10"].items() if file != "test_batch.bin"]
    (tmp_path / "a").write_bytes(tar([*others, (link, b"")]))
    with pytest.raises(DataError, match=r"expected test_batch.bin to be one file"):
        load_cifar10(tmp_path / "a")


def test_names_that_lead_elsewhere_are_no_files_of_ours(tmp_path):
    entries = [(f"../{file}", content) for file, content in FILES["cifar10"].items()]
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a").write_bytes(tar(entries))
    with pytest.raises(DataError, match="expected the files data_batch_1"):
        load_cifar10(tmp_path / "inner" / "a")
    assert [p.name for p in tmp_path.iterdir()] == ["inner"]


def test_damaged_headers_are_refused(tmp_path):
    # one byte of an archive that is not zipped, so that only tar's own checks stand in between
    whole = tar(FILES["cifar100"].items(), "w")
    random = np.random.default_rng(0)
    starts = [0, 512 + -(-len(FILES["cifar100"]["train.bin"]) // 512) * 512]
    for at in [start + int(k) for start in starts for k in random.integers(0, 512, 60)]:
        (tmp_path / "a").write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with pytest.raises(DataError):
            load_cifar100(tmp_path / "a")


def test_a_folder_without_a_file_and_no_path(tmp_path):
    (tmp_path / "train.bin").write_bytes(FILES["cifar100"]["train.bin"])
    with pytest.raises(DataError, match=r"load_cifar100: expected a file test.bin in .*the binary version"):
        load_cifar100(tmp_path)
    with pytest.raises(DataError, match=r"cifar-100-binary.tar.gz or a folder with its .bin files, received no such"):
        load_cifar100(tmp_path / "no")
    with pytest.raises(ArgumentError, match="a path or a mirror, received both"):
        load_cifar10(tmp_path, "https://example.org/")


# --- the web


@pytest.fixture
def web(tmp_path, monkeypatch, name):
    """The archive on a server, and numbanet knows its checksum."""
    monkeypatch.setenv("NUMBANET_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("no_proxy", "*")
    with serving() as server:
        content = published(name)
        file = cifar.SOURCES[name].files[0].name
        server.path = f"/data/{file}"
        server.files[server.path] = content
        known = download.File(file, len(content), hashlib.sha256(content).hexdigest())
        monkeypatch.setitem(cifar.SOURCES, name, download.Source((server.url + "data/",), (known,)))
        yield server


def test_the_archive_is_downloaded_once(web, name):
    assert_loaded(LOAD[name](), name)
    assert_loaded(LOAD[name](), name)
    assert web.asked == [web.path]
    kept = download.data_folder() / name / web.path.split("/")[-1]
    assert kept.read_bytes() == web.files[web.path]
    assert_loaded(LOAD[name](kept), name)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("missing", "HTTP Error 404: Not Found"),
        ("interrupted", r"expected [\d,]+ bytes, received [\d,]+"),
        ("endless", r"expected ([\d,]+) bytes, received more than \1"),
        ("changed", "expected content of SHA-256 [0-9a-f]{64}, received other content"),
    ],
)
def test_a_download_that_goes_wrong_leaves_nothing(web, name, how, words):
    web.how[web.path] = how
    with pytest.raises(
        DownloadError, match=rf"{words}. Fetch the file in another way and say where: load_{name}\(path"
    ):
        LOAD[name]()
    assert not download.data_folder().exists()
    web.how.clear()
    assert_loaded(LOAD[name](), name)


def test_mirrors(web, name, monkeypatch):
    file = web.path.split("/")[-1]
    web.files = {f"/mine/{name}/{file}": web.files[web.path]}
    with pytest.raises(DownloadError, match="404"):
        LOAD[name]()
    monkeypatch.setenv("NUMBANET_DATA_MIRROR", web.url + "mine")
    assert_loaded(LOAD[name](), name)
    (download.data_folder() / name / file).unlink()
    monkeypatch.delenv("NUMBANET_DATA_MIRROR")
    assert_loaded(LOAD[name](mirror=f"{web.url}mine/{name}/"), name)


def test_the_source_is_on_https(name):
    (file,) = cifar.SOURCES[name].files
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in cifar.SOURCES[name].mirrors)
    assert file.name.endswith("-binary.tar.gz")
    assert len(bytes.fromhex(file.sha256)) == 32
