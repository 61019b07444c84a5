"""Everything that wants a GPU, in one run of ten minutes: python bench/gpu.py --out FOLDER

Every kernel beside the reference, training beside the processor, then kernels and training steps beside PyTorch. Each
section runs in a process of its own with a limit of time; an item that fails, hangs or takes the process with it is
reported, and the section goes on behind it. Results are printed, and written to FOLDER as results.json and
results.md after each section. --quick is a rehearsal of tiny items, also without a GPU.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
SECTIONS = {  # seconds that each may take
    "compiling": 150,
    "parity": 110,
    "training": 60,
    "kernels": 110,
    "steps": 150,
}
ITEM = 45  # seconds: an item that takes longer hangs. Compiling is one item
RESTARTS = 6  # of a section's process
ROW, BEGIN, ABOUT = "ROW ", "BEGIN ", "ABOUT "


def work(options: argparse.Namespace) -> None:
    """In the process of a section: run its items from number --skip on, and print a row for each."""
    from on_gpu.machine import Machine

    machine = Machine(options.quick)
    section = importlib.import_module(f"on_gpu.{options.section}")
    if not options.skip:
        print(ABOUT + json.dumps(machine.describe()), flush=True)
    for item in section.items(machine)[options.skip :]:
        print(BEGIN + item.name, flush=True)
        start = time.perf_counter()
        fatal = False
        try:
            row = item.run()
        except Exception as error:
            row = {"problem": f"{type(error).__name__}: {' '.join(str(error).split())[:400]}"}
            fatal = _is_lost(machine)
        row |= {"name": item.name, "seconds": round(time.perf_counter() - start, 2)}
        print(ROW + json.dumps(row), flush=True)
        if fatal:
            raise SystemExit(3)  # the process cannot use the GPU any more


def _is_lost(machine: Any) -> bool:
    try:
        machine.synchronize()
    except Exception:
        return True
    return False


class Section:
    """The process of a section, and what it says."""

    def __init__(self, name: str, options: argparse.Namespace) -> None:
        self.name, self.options = name, options
        self.rows: list[dict[str, Any]] = []
        self.about: dict[str, str] = {}
        self.note = ""

    def run(self, seconds: float) -> None:
        """Collect rows until all are there or the time is up."""
        deadline = time.monotonic() + seconds
        for _ in range(RESTARTS):
            begun = len(self.rows)
            ended, current = self._follow(deadline)
            if ended is None:
                self.note = f"The time was up at {current or 'the beginning'}."
                return
            if ended == 0:
                return
            if len(self.rows) == begun and not current:
                self.note = f"The process ended with {ended} before its first item. See {self.name}.log."
                return
            if current:
                problem = "hangs" if ended == "hangs" else f"ended the process with {ended}"
                self.rows.append({"name": current, "problem": problem})
        self.note = "The process was lost too often."

    def _follow(self, deadline: float) -> tuple[int | str | None, str]:
        """Start the process and read what it prints. Returns how it ended, None for the time, and its last item."""
        command = [sys.executable, __file__, "--section", self.name, "--skip", str(len(self.rows))]
        command += ["--out", self.options.out, *(["--quick"] if self.options.quick else [])]
        paths = os.pathsep.join([str(ROOT), str(ROOT / "bench"), os.environ.get("PYTHONPATH", "")])
        with (
            open(Path(self.options.out) / f"{self.name}.log", "a") as log,
            subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                env=os.environ | {"PYTHONPATH": paths},
            ) as process,
        ):
            try:
                current = ""
                for line in _lines(process, lambda: self._limit(deadline)):
                    if line is None:
                        return ("hangs" if time.monotonic() < deadline else None), current
                    if line.startswith(BEGIN):
                        current = line[len(BEGIN) :].rstrip()
                    elif line.startswith(ROW):
                        self.rows.append(json.loads(line[len(ROW) :]))
                        print(f"  {line[len(ROW) :].rstrip()[:300]}", flush=True)
                        current = ""
                    elif line.startswith(ABOUT):
                        self.about = json.loads(line[len(ABOUT) :])
                return process.wait(), current
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # the pool of a section that was ended, too

    def _limit(self, deadline: float) -> float:
        left = deadline - time.monotonic()
        return left if self.name == "compiling" else min(left, ITEM)

    def text(self) -> str:
        """The section's part of the report."""
        import report

        module = importlib.import_module(f"on_gpu.{self.name}")
        good = [row for row in self.rows if "problem" not in row and "missing" not in row]
        parts = [f"## {self.name.capitalize()}", report.prose(module.__doc__) if "\n\n" in module.__doc__ else ""]
        parts.append(report.table(module.HEAD, [module.cells(row) for row in good]) if good else "")
        missing = [row["name"] for row in self.rows if "missing" in row]
        parts.append(f"Missing: {', '.join(missing)}." if missing else "")
        parts += [f"- {row['name']}: {row[k]}" for row in self.rows for k in ("problem", "note") if k in row]
        return "\n\n".join(filter(None, [*parts, self.note]))


def _lines(process: subprocess.Popen[str], limit: Any) -> Iterator[str | None]:
    """The lines that a process prints; None where it prints none for as long as `limit()` says."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in process.stdout or ():
            lines.put(line)
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=max(limit(), 0.01))
        except queue.Empty:
            yield None
            return
        if not line:
            return
        yield line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="the folder of the results")
    parser.add_argument("--quick", action="store_true", help="a rehearsal")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="sections")
    parser.add_argument("--seconds", type=float, default=570, help="for all of it")
    parser.add_argument("--section", choices=SECTIONS, help=argparse.SUPPRESS)
    parser.add_argument("--skip", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.section:
        work(options)
        return
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    sections: list[Section] = []
    for name in options.only:
        left = options.seconds - (time.monotonic() - started)
        sections.append(Section(name, options))
        print(f"{name}, at {time.monotonic() - started:.0f} s", flush=True)
        if left > 5:
            sections[-1].run(min(left, SECTIONS[name]))
        else:
            sections[-1].note = "There was no time left."
        write(out, sections)
    print((out / "results.md").read_text())


def write(out: Path, sections: list[Section]) -> None:
    """Both files, as far as there are results."""
    import report

    about: dict[str, str] = {}
    for section in sections:
        about |= section.about
    found = {section.name: {"rows": section.rows, "note": section.note} for section in sections}
    (out / "results.json").write_text(json.dumps({"about": about, "sections": found}, indent=1))
    head = "# On a GPU\n\n" + "; ".join([*(f"{k}: {v}" for k, v in about.items()), report.versions()])
    (out / "results.md").write_text("\n\n".join([head, *(section.text() for section in sections)]) + "\n")


if __name__ == "__main__":
    main()
