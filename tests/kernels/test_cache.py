"""The folder of compiled kernels, by itself: what is compiled and loaded is in test_jit."""

import hashlib
import os
import stat
import sys
import time
from pathlib import Path

import pytest

from numbanet.kernels import _cache


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBANET_CACHE_DIR", str(tmp_path / "cache"))
    return _cache.Store()


def test_what_is_written_is_read(store):
    store.write("name", b"payload")
    assert store.read("name") == b"payload"
    assert _cache.Store().read("name") == b"payload"
    store.write("name", b"")
    assert store.read("name") == b""
    assert store.read("other") is None
    assert [path.name for path in store.folder().iterdir()] == ["name"], "no temporary file remains"


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 100, hashlib.sha256(b"payload").digest() + b"paylobd"])
def test_what_was_not_written_is_not_read(store, content):
    (store.folder() / "name").write_bytes(content)
    assert store.read("name") is None


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_folders_are_private(store, tmp_path):
    (tmp_path / "cache").mkdir(mode=0o755)
    (tmp_path / "cache" / _cache.ROOM).mkdir(mode=0o755)
    folder = store.folder()
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o755, "the user's own"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)] == [0o700, 0o700]
    assert folder.name == _cache.source_digest()


@pytest.mark.skipif(os.name != "posix", reason="modes")
@pytest.mark.parametrize("kind", ["link", "file", "stranger"])
def test_nothing_is_kept_in_a_folder_that_is_not_ours(store, tmp_path, monkeypatch, kind):
    cache = tmp_path / "cache" / _cache.ROOM
    cache.parent.mkdir()
    if kind == "link":
        (tmp_path / "elsewhere").mkdir()
        cache.symlink_to(tmp_path / "elsewhere")
    elif kind == "file":
        cache.write_text("in the way")
    else:
        monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.warns(RuntimeWarning, match="Set NUMBANET_CACHE_DIR"):
        assert store.folder() is None
    store.write("name", b"payload")
    assert store.read("name") is None


def test_a_full_disk_costs_the_cache_alone(store, monkeypatch):
    folder = store.folder()

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    store.write("name", b"payload")
    assert list(folder.iterdir()) == []


def test_folders_of_earlier_versions_go_when_they_are_old(store, tmp_path):
    room, older, newer = tmp_path / "cache" / _cache.ROOM, 24 * "0", 24 * "1"
    theirs = [room / "thesis", room.parent / older]
    for folder, age in ((room / older, 31), (room / newer, 29), *((path, 400) for path in theirs)):
        folder.mkdir(parents=True)
        (folder / "entry").write_text("")
        os.utime(folder, (time.time() - age * 86400,) * 2)
    store.folder()
    assert {path.name for path in room.iterdir()} == {newer, "thesis", _cache.source_digest()}
    assert all((path / "entry").exists() for path in theirs), "what others keep there is not ours to remove"


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", ""),
        ("linux", None, "home/.cache"),
        ("darwin", None, "home/Library/Caches"),
        ("win32", "LOCALAPPDATA", ""),
        ("win32", None, "home/AppData/Local"),
    ],
)
def test_where_the_cache_is(tmp_path, monkeypatch, platform, variable, expected):
    for name in ("NUMBANET_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setattr(sys, "platform", platform)
    assert _cache.kernel_folder() == tmp_path / expected / _cache.ROOM
    monkeypatch.setenv("NUMBANET_CACHE_DIR", str(tmp_path / "mine"))
    assert _cache.kernel_folder() == tmp_path / "mine" / _cache.ROOM


def test_the_digest_follows_the_sources(tmp_path, monkeypatch):
    before = _cache.source_digest()
    assert before == _cache.source_digest()
    (tmp_path / "a.py").write_text("x = 1")
    monkeypatch.setattr(_cache, "KERNELS", tmp_path)
    first = _cache.source_digest()
    (tmp_path / "a.py").write_text("x = 2")
    second = _cache.source_digest()
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert len({before, first, second, _cache.source_digest()}) == 4
