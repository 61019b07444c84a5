"""Trainings that are killed at random moments, or stopped by Ctrl-C, and resumed until they are done.

python -m tests.io.kills --runs 200 --interrupts 20 [--seed 0] prints what became of their files and results.

A training is a process, forked from one in which the kernels are loaded. Half of the kills are aimed at a point in a
save: between pieces of the content, before it is synced, before it takes its name, before old files are removed. There
the child says where it is, and waits for its end. The others come after a random time. After each, every file must be
whole and the very one that an undisturbed training wrote, and none may be missing that was complete before.
"""

import argparse
import hashlib
import multiprocessing
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numbanet as nn
from numbanet.callbacks import Callback
from numbanet.errors import FileError
from numbanet.io import atomic
from numbanet.io.checkpoint import file_name, steps_saved
from numbanet.io.tensors import read_tensors
from tests.io.jobs import JOBS, KEEP, train

PIECES = 6  # in which a watched save writes its content
INTERRUPTED = 130  # how a child ends that Ctrl-C stopped
PATIENCE = 120.0  # seconds for one training


# --- the child


class Saves:
    """Announces the saves of this process, and waits for the end at one point of them, if `hold` counts one."""

    def __init__(self, say, hold):
        self.say, self.hold, self.points = say, hold, 0
        self.write, self.fsync, self.replace, self.unlink = atomic.write, os.fsync, os.replace, os.unlink
        atomic.write = self._write
        os.fsync, os.replace, os.unlink = (self._after_point(f) for f in (os.fsync, os.replace, os.unlink))

    def point(self):
        self.points += 1
        if self.points == self.hold:
            self.say("held")
            time.sleep(PATIENCE)

    def _after_point(self, function):
        def watched(*arguments, **named):
            self.point()
            return function(*arguments, **named)

        return watched

    def _pieces(self, content):
        size = -(-len(content) // PIECES)
        for start in range(0, len(content), size):
            self.point()
            yield content[start : start + size]

    def _write(self, path, chunks):
        (content,) = chunks
        self.say(f"saving {Path(path).name}")
        self.point()
        self.write(path, self._pieces(content))
        self.point()
        self.say(f"saved {Path(path).name} {hashlib.sha256(content).hexdigest()}")


class Watcher(Callback):
    """Announces when fit listens to Ctrl-C, and at which step it was stopped."""

    def __init__(self, say):
        self.say = say

    def on_train_begin(self, logs=None):
        self.say("began")

    def on_interrupt(self):
        self.say(f"stopped {file_name(self.model.steps_trained)}")


def child(job, folder, pipe, hold):
    """Train, say what happens, and end this process."""
    code = INTERRUPTED
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in the background

        def say(text):
            os.write(pipe, f"{text}\n".encode())

        saves = Saves(say, hold)
        result = train(job, folder, [Watcher(say)])
        say(f"points {saves.points}")
        say(f"done {result}")
        code = 0
    except KeyboardInterrupt:
        pass
    except BaseException:
        code = 1
        traceback.print_exc()
    finally:
        while True:
            with suppress(KeyboardInterrupt):
                os._exit(code)


# --- the parent


class Attempt(NamedTuple):
    """What one process said, how it ended (a code, or minus a signal), and after how many seconds from `began` on."""

    lines: list[str]
    code: int
    seconds: float

    def said(self, word):
        return [line.split()[1:] for line in self.lines if line.split()[0] == word]

    @property
    def saved(self):
        return [(name, digest) for name, digest in self.said("saved")]

    @property
    def in_a_save(self):
        return len(self.said("saving")) > len(self.said("saved"))


def attempt(job, folder, hold=0, signals=()):
    """Start a training; signals: (seconds after it began, or after the one before; signal). Killed where it holds."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        child(job, folder, writing, hold)
    os.close(writing)
    text, signals, start, due = b"", list(signals), 0.0, None
    limit = time.monotonic() + PATIENCE
    while True:
        now = time.monotonic()
        if due is not None and now >= due:
            os.kill(pid, signals.pop(0)[1])
            due = now + signals[0][0] if signals else None
        ready, _, _ = select.select([reading], [], [], min(limit, due or limit) - now if now < limit else 0)
        if ready:
            found = os.read(reading, 65536)
            text += found
            if not found:
                break
            if not start and b"began\n" in text:
                start = time.monotonic()
                due = start + signals[0][0] if signals else None
            if text.endswith(b"held\n"):
                os.kill(pid, signal.SIGKILL)
        elif time.monotonic() >= limit:  # it hangs
            os.kill(pid, signal.SIGKILL)
            limit = float("inf")
    _, status = os.waitpid(pid, 0)
    os.close(reading)
    lines = text.decode().splitlines()
    return Attempt(lines, os.waitstatus_to_exitcode(status), time.monotonic() - start)


class Reference(NamedTuple):
    """An undisturbed training: its result, log and files' digests by name, how long it took and how many points."""

    result: str
    log: bytes
    digests: dict[str, set[str]]
    last: str
    seconds: float
    points: int


def reference(job):
    with tempfile.TemporaryDirectory() as folder:
        found = attempt(job, Path(folder))
        assert found.code == 0, found
        digests = {}
        for name, digest in found.saved:
            digests.setdefault(name, set()).add(digest)
        log = Path(folder, "log.csv").read_bytes()
        last = steps_saved(folder)
        return Reference(
            found.said("done")[0][0], log, digests, file_name(max(last)), found.seconds, int(found.said("points")[0][0])
        )


def examine(folder, announced, digests):
    """Count what is wrong with the files of a folder. announced: the names whose saves were complete."""
    found = Counter()
    for path in folder.glob("*.safetensors"):
        try:
            read_tensors(path)
        except FileError as error:
            print(error, file=sys.stderr)
            found["unreadable"] += 1
            continue
        if hashlib.sha256(path.read_bytes()).hexdigest() not in digests.get(path.name, ()):
            found["other"] += 1
    steps = {file_name(step) for step in steps_saved(folder)}
    for name in announced:
        newer = sum(other > name for other in steps)
        there = (folder / name).exists() if name.startswith("best") else name in steps or newer >= KEEP
        found["lost"] += not there
    return found


def disturbed(job, expected, plan):
    """Train in a folder of its own, disturbed as each entry of the plan says, then to the end; a Counter of figures."""
    found = Counter(runs=1)
    digests = {name: set(known) for name, known in expected.digests.items()}
    announced = set()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for disturbance in [*plan, {}]:
            end = attempt(job, folder, **disturbance)
            announced |= {name for name, _ in end.saved}
            stopped = {name for (name,) in end.said("stopped")}
            for name, digest in end.saved:
                if name in stopped:
                    digests.setdefault(name, set()).add(digest)
            found += examine(folder, announced, digests)
            if end.code == -signal.SIGKILL:
                found.update(kills=1, during=end.in_a_save)
            elif end.code == INTERRUPTED:
                found["interrupts"] += 1
                twice = len(disturbance["signals"]) > 1
                found["twice"] += twice
                there = stopped <= {name for name, _ in end.saved} if stopped else (folder / expected.last).exists()
                found["missing"] += not there and not twice
            else:
                found["failed"] += end.code != 0
                break
        found["equal"] += end.said("done") == [[expected.result]]
        found["logs"] += (folder / "log.csv").read_bytes() == expected.log
        found["leftovers"] += sum(path.suffix == ".part" for path in folder.iterdir())
    return found


def kills(r, expected):
    """One to four kills, in turn at a point and at a moment."""
    count = r.randint(1, 4)
    turn = r.randrange(2)
    for k in range(count):
        if (k + turn) % 2:
            yield {"hold": r.randint(1, expected.points // count)}
        else:
            yield {"signals": [(r.uniform(0, expected.seconds / count), signal.SIGKILL)]}


def interrupts(r, expected):
    """One to three interruptions, some by two Ctrl-C after one another."""
    count = r.randint(1, 3)
    for _ in range(count):
        first = (r.uniform(0, expected.seconds / count), signal.SIGINT)
        yield {"signals": [first, *[(r.uniform(0, 0.02), signal.SIGINT)] * (r.random() < 0.3)]}


def run(seed, expected, task):
    """The figures of one run; task: its number, its job, and what makes its plan."""
    number, job, disturb = task
    r = random.Random(f"{seed} {disturb.__name__} {number}")
    return job, disturb.__name__, disturbed(job, expected[job], disturb(r, expected[job]))


def bad(found):
    """Whether anything went wrong in these runs."""
    wrong = ("unreadable", "lost", "other", "missing", "failed", "leftovers")
    return any(found[what] for what in wrong) or not found["runs"] == found["equal"] == found["logs"]


def table(figures):
    """A line for each job and kind of disturbance."""
    results = ["unreadable", "lost", "other content", "final equal", "log equal"]
    lines = [["job", "runs", "kills", "in a save", *results]]
    stops = [["job", "runs", "Ctrl-C", "two of them", "no checkpoint", *results]]
    for (job, kind), f in figures.items():
        same = [f"{f[what]} of {f['runs']}" for what in ("equal", "logs")]
        end = [*(f[what] for what in ("unreadable", "lost", "other")), *same]
        if kind == "kills":
            lines.append([job, f["runs"], f["kills"], f["during"], *end])
        else:
            stops.append([job, f["runs"], f["interrupts"], f["twice"], f["missing"], *end])
    rows = [lines] * (len(lines) > 1) + [stops] * (len(stops) > 1)
    return "\n\n".join("\n".join("  ".join(f"{cell!s:>13}" for cell in line) for line in part) for part in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--interrupts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    given = parser.parse_args()
    nn.set_num_threads(1)  # the threads of a parent are no child's
    start = time.perf_counter()
    for job in given.jobs:
        with tempfile.TemporaryDirectory() as folder:  # which loads the kernels
            train(job, Path(folder), epochs=1)
    expected = {job: reference(job) for job in given.jobs}
    numbers = [(k, kills) for k in range(given.runs)] + [(k, interrupts) for k in range(given.interrupts)]
    tasks = [(k, given.jobs[k % len(given.jobs)], disturb) for k, disturb in numbers]
    figures = {}
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for job, kind, found in pool.imap_unordered(partial(run, given.seed, expected), tasks):
            figures.setdefault((job, kind), Counter()).update(found)
    figures = {key: figures[key] for key in sorted(figures, key=lambda key: (key[1], key[0]))}
    print(table(figures))
    whole = sum(figures.values(), Counter())
    print(
        f"\n{whole['kills']} kills, {whole['during']} in a save; {whole['interrupts']} times Ctrl-C; "
        f"{whole['failed']} failed, {whole['leftovers']} leftovers; {time.perf_counter() - start:.0f} s"
    )
    return int(any(bad(found) for found in figures.values()))


if __name__ == "__main__":
    sys.exit(main())
