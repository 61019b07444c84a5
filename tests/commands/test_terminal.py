"""The command in processes of its own, as a user runs it: what a test in this process could not see."""

import contextlib
import fcntl
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios

import pytest

import numbanet as nn

from .conftest import command, environment, fill, terminal

pytest.importorskip("safetensors")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of POSIX")
LONG = ("--set", "training.epochs=120", "--set", "training.batch_size=1", "--set", "training.checkpoint_every=20")


@pytest.fixture(autouse=True)
def interruptible():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in the background
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def folder(tmp_path):
    fill(tmp_path)
    return tmp_path


def bits(path):
    return [a.tobytes() for a in nn.load_model(path).get_weights()]


@pytest.mark.compiled
def test_ctrl_c_and_resume_come_to_the_same_bits(folder, monkeypatch, say):
    started = subprocess.Popen(
        command("train", "animals.toml", *LONG),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with started:
        for line in started.stdout:
            if line.startswith("epoch  12/120"):
                started.send_signal(signal.SIGINT)
                break
        rest, told = started.communicate(timeout=60)
    assert started.returncode == 130
    assert told == "numbanet: interrupted\n"
    assert re.search(r"^ModelCheckpoint writes \S+/run/checkpoints/step-\d{9}\.safetensors$", rest, re.MULTILINE)
    assert not (folder / "run/last.safetensors").exists()
    again = terminal(folder, "train", "animals.toml", *LONG, "--resume")
    assert (again.code, again.err) == (0, "")
    assert "fit goes on from " in again.out
    assert "epoch   5/120" not in again.out
    monkeypatch.chdir(folder)
    assert say("train", "animals.toml", *LONG, "--quiet", "--set", "training.output=whole").code == 0
    assert bits(folder / "run/last.safetensors") == bits(folder / "whole/last.safetensors")
    assert bits(folder / "run/best.safetensors") == bits(folder / "whole/best.safetensors")
    assert (folder / "run/history.csv").read_bytes() == (folder / "whole/history.csv").read_bytes()


@pytest.mark.compiled
def test_a_terminal_sees_a_live_line_and_its_ctrl_c_ends_it(folder):
    master, slave = pty.openpty()
    arguments = command("train", "animals.toml", *LONG)
    # a session of its own, whose terminal this is: ^C goes to whom it belongs
    started = subprocess.Popen(
        arguments,
        cwd=folder,
        env=environment(TERM="xterm", NO_COLOR="1"),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    seen, pressed = b"", False
    with started, contextlib.suppress(OSError):  # which is how a terminal says that all have left
        while part := os.read(master, 4096):
            seen += part
            if not pressed and b"epoch   5/120" in seen:
                os.write(master, b"\x03")
                pressed = True
    os.close(master)
    assert started.returncode == 130
    assert b"Traceback" not in seen
    assert seen.replace(b"\r", b"").endswith(b"numbanet: interrupted\n")


@pytest.mark.compiled
def test_a_reader_that_leaves(trained):
    line = f'"{sys.executable}" -m numbanet predict run animals.csv | head -2; echo "${{PIPESTATUS[0]}}"'
    rows = (trained / "animals.csv").read_text().splitlines()
    (trained / "many.csv").write_text("\n".join([rows[0], *rows[1:] * 400]))  # more than a pipe holds
    line = line.replace("animals.csv", "many.csv")
    done = subprocess.run(["bash", "-c", line], cwd=trained, env=environment(), capture_output=True, text=True)
    assert done.stderr == ""
    header, first, code = done.stdout.splitlines()
    assert header == "class,probability"
    assert re.fullmatch(r"(cat|dog|owl),\S+", first)
    assert code == "1"


@pytest.mark.compiled
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_the_output(trained):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command("predict", "run", "animals.csv"),
            cwd=trained,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (done.returncode, done.stderr) == (1, "numbanet: No space left on device\n")


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 32 KiB, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run([mount, "-t", "tmpfs", "-o", "size=32k", "tmpfs", place], capture_output=True)
    if not made or made.returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.slow
@pytest.mark.compiled
def test_a_full_disk_ends_training_in_a_line(folder, tiny_disk):
    (tiny_disk / "other").write_bytes(b"0" * 24000)
    told = terminal(folder, "train", "animals.toml", "--quiet", "--set", f"training.output={tiny_disk}/run")
    assert told.code == 1
    assert re.fullmatch(rf"numbanet: {tiny_disk}/run(/\S+)?: cannot be written: No space left on device\n", told.err), (
        told.err
    )
    assert list((tiny_disk / "run").rglob("*.part")) == []


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(folder):
    (folder / "locked").mkdir(mode=0o500)
    told = terminal(folder, "train", "animals.toml", "--set", "training.output=locked/run")
    assert (told.code, told.err) == (1, "numbanet: locked/run: Permission denied\n")


@pytest.mark.slow
@pytest.mark.compiled
def test_several_processes_train_to_the_bits_of_one(folder):
    pytest.importorskip("mpi4py")
    if shutil.which("mpiexec") is None:
        pytest.skip("needs mpiexec")
    ours = terminal(folder, "train", "animals.toml", "--quiet", "--set", "training.shards=8")
    assert ours.code == 0, ours.err
    arguments = command("train", "animals.toml", "--quiet", "--set", "training.output=both")
    line = ["mpiexec", "-n", "2", sys.executable, "-m", "mpi4py", *arguments[1:]]
    done = subprocess.run(line, cwd=folder, env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("written: both/last.safetensors") == 1
    assert bits(folder / "run/last.safetensors") == bits(folder / "both/last.safetensors")
    assert (folder / "run/history.csv").read_bytes() == (folder / "both/history.csv").read_bytes()
    again = subprocess.run(line, cwd=folder, env=environment(), capture_output=True, text=True, timeout=120)
    assert again.returncode != 0
    assert again.stderr.startswith("numbanet: both: has a training already.")
