import errno
import os
import stat
import subprocess
import sys
import threading

import pytest

from numbanet.errors import FileError
from numbanet.io import atomic

posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions and links of POSIX")
KILLED = """
import os, signal
from numbanet.io import atomic
def chunks():
    yield b"new"
    os.kill(os.getpid(), signal.SIGKILL)
atomic.write("file", chunks())
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    return tmp_path


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_it_writes_the_chunks_one_after_another(folder):
    atomic.write(folder / "file", [b"new ", memoryview(b"content"), b""])
    atomic.write(str(folder / "other"), iter([]))
    assert content(folder) == {"file": b"new content", "other": b""}


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), ValueError()])
@pytest.mark.parametrize("place", ["fsync", "replace", "fchmod", "chunks"])
def test_an_error_on_the_way_leaves_the_old_file_and_nothing_else(folder, monkeypatch, place, error):
    def fail(*_):
        raise error

    def chunks():
        yield b"new"
        if place == "chunks":
            fail()

    if place != "chunks":
        monkeypatch.setattr(atomic.os, place, fail)
    expected = FileError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected) as caught:
        atomic.write(folder / "file", chunks())
    if expected is FileError:
        assert str(folder / "file") in str(caught.value)
        assert "No space left" in str(caught.value)
    assert content(folder) == {"file": b"old"}


def test_the_content_is_written_out_before_it_takes_its_name_and_the_folder_after(folder, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace

    def record_fsync(handle):
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        done.append("folder" if is_folder else f"{os.fstat(handle).st_size} bytes")
        fsync(handle)

    def record_replace(*paths):
        done.append("replace")
        replace(*paths)

    monkeypatch.setattr(atomic.os, "fsync", record_fsync)
    monkeypatch.setattr(atomic.os, "replace", record_replace)
    atomic.write(folder / "file", [b"x" * 10_000])
    assert done == ["10000 bytes", "replace", "folder"][: 2 if sys.platform == "win32" else 3]


@posix
def test_a_file_system_that_cannot_write_folders_out_is_no_error_and_a_bad_disk_is(folder, monkeypatch):
    fsync = os.fsync

    def fail(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(number, "it fails")
        fsync(handle)

    monkeypatch.setattr(atomic.os, "fsync", fail)
    number = errno.EINVAL
    atomic.write(folder / "file", [b"new"])
    number = errno.EIO
    with pytest.raises(FileError, match="it fails"):
        atomic.write(folder / "file", [b"newer"])


@posix
def test_what_a_killed_process_left_is_removed_by_the_next_write(folder):
    killed = subprocess.run([sys.executable, "-c", KILLED], cwd=folder, check=False)
    assert killed.returncode == -9
    found = content(folder)
    (left,) = found.keys() - {"file"}
    assert found["file"] == b"old"
    atomic.write(folder / "other", [b"1"])  # of another name
    assert left in content(folder)
    atomic.write(folder / "file", [b"new"])
    assert content(folder) == {"file": b"new", "other": b"1"}


@posix
def test_a_file_system_without_locks_is_written_to_all_the_same(folder, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(atomic.fcntl, "flock", refuse)
    left = folder / f".file.{'0' * 16}.part"  # of whom nobody can say
    left.write_bytes(b"part")
    atomic.write(folder / "file", [b"new"])
    assert content(folder) == {"file": b"new", left.name: b"part"}


def test_two_writers_of_one_file_do_not_disturb_each_other(folder):
    contents = [bytes([k]) * 100_000 for k in range(4)]
    errors = []

    def write(chunk):
        try:
            for _ in range(20):
                atomic.write(folder / "file", [chunk[:50_000], chunk[50_000:]])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(chunk,)) for chunk in contents]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert (folder / "file").read_bytes() in (b"old", *contents)
    for thread in threads:
        thread.join()
    assert not errors
    assert content(folder).keys() == {"file"}


@posix
def test_a_link_stays_and_its_file_is_replaced_in_its_own_folder(folder):
    (folder / "room").mkdir()
    os.rename(folder / "file", folder / "room" / "file")
    (folder / "link").symlink_to("room/file")
    atomic.write(folder / "link", [b"new"])
    assert (folder / "link").is_symlink()
    assert content(folder / "room") == {"file": b"new"}


@posix
def test_permissions_stay_and_a_new_file_has_the_usual_ones(folder):
    os.chmod(folder / "file", 0o640)
    atomic.write(folder / "file", [b"new"])
    atomic.write(folder / "other", [b"new"])
    (folder / "usual").touch()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes["file"] == 0o640
    assert modes["other"] == modes["usual"]


@pytest.mark.parametrize(("name", "words"), [("", "not a file"), ("no/file", "No such file"), ("file/x", "Not a dir")])
def test_a_path_where_no_file_can_be_is_refused(folder, name, words):
    with pytest.raises(FileError, match=words):
        atomic.write(folder / name, [b"new"])
    assert content(folder) == {"file": b"old"}


@posix
def test_a_device_is_not_replaced():
    with pytest.raises(FileError, match="not a file"):
        atomic.write(os.devnull, [b"new"])
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@posix
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_written_is_refused_with_its_name(folder, monkeypatch, what):
    # the superuser may write anywhere, so the refusals are acted
    if what == "file":
        monkeypatch.setattr(atomic.os, "access", lambda *_: False)
    else:

        def refuse(*_):
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(atomic.os, "open", refuse)
    with pytest.raises(FileError, match=r"file: cannot be written: (Permission denied|.*read-only)"):
        atomic.write(folder / "file", [b"new"])
    assert content(folder) == {"file": b"old"}


def test_long_names_and_names_with_signs_of_patterns_are_names(tmp_path):
    for name in ("n" * 250, "[a]*.+", "ü" * 120):
        atomic.write(tmp_path / name, [b"1"])
        atomic.write(tmp_path / name, [b"2"])
        assert (tmp_path / name).read_bytes() == b"2"
