"""Mutated model files: what `load_model` makes of files that are damaged, or made to do damage.

python -m tests.io.mutations --count 50000 [--seed 0] prints what came of them; --only K shows case K alone.

A case is a function of (seed, number). Half of what changes the header also makes its digest right again, so that it
gets past it: such a file is another file, and must give the weights that it says itself.
"""

import argparse
import contextlib
import json
import math
import random
import signal
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np

import numbanet as nn
from numbanet.errors import FileError
from numbanet.io.strict_json import dumps
from numbanet.io.tensors import DTYPES, KEY
from tests.io.hostile import architecture
from tests.io.parts import join, originals, said, sealed, split

LONGEST = 2.0  # seconds
PATIENCE = 30.0  # seconds, after which a load is stopped
PROCESSES = 2
MOST_MEMORY = 64 * 2**20  # bytes, beyond twice the file


# --- mutations: each takes (random, content, other content) and returns another content


def flip(r, content, other):
    changed = bytearray(content)
    for _ in range(r.choice((1, 1, 1, 2, 8, 64))):
        changed[r.randrange(len(changed))] ^= 1 << r.randrange(8)
    return bytes(changed)


def flip_in_header(r, content, other):
    length = int.from_bytes(content[:8], "little")
    return flip(r, content[: 8 + length], other) + content[8 + length :]


def cut(r, content, other):
    return content[: r.randrange(len(content))]


def remove(r, content, other):
    at = r.randrange(len(content))
    return content[:at] + content[at + r.randint(1, 64) :]


def insert(r, content, other):
    at = r.randrange(len(content) + 1)
    return content[:at] + r.randbytes(r.choice((1, 4, 8, 1000))) + content[at:]


def repeat(r, content, other):
    a, b = sorted(r.randrange(len(content)) for _ in range(2))
    return content[:b] + content[a:]


def swap_floats(r, content, other):
    _, payload = split(content)
    a, b = (4 * r.randrange(len(payload) // 4) for _ in range(2))
    changed = bytearray(payload)
    changed[a : a + 4], changed[b : b + 4] = payload[b : b + 4], payload[a : a + 4]
    return content[: len(content) - len(payload)] + bytes(changed)


def header_length(r, content, other):
    length = r.choice((0, 1, 2, 2**63, 2**64 - 1, 2**40, len(content), len(content) - 8, r.randrange(2**16)))
    return length.to_bytes(8, "little") + content[8:]


def spliced_header(r, content, other):
    start = 8 + int.from_bytes(content[:8], "little")
    begin = 8 + int.from_bytes(other[:8], "little")
    return r.choice((other[:begin] + content[start:], other[: r.randrange(begin)] + content[r.randrange(start) :]))


def spliced_metadata(r, content, other):
    header, payload = split(content)
    taken, _ = split(other)
    if r.random() < 0.5:
        return sealed(header, said(taken)["metadata"], payload)
    return join({**header, "__metadata__": taken["__metadata__"]}, payload)


def entry(r, content, other):
    """One array's type, shape or place."""
    header, payload = split(content)
    name = r.choice([n for n in header if n != "__metadata__"])
    wild = r.choice((0, -1, 1, 7, 2**31, 2**63 - 1, 2**64, 10**30, 1.5, True, None, "4", [], {}, [2**32, 2**32]))
    e = header[name]
    kind = r.randrange(8)
    if kind == 0:
        e["dtype"] = r.choice(("F16", "BF16", "F64", "I64", "U8", "BOOL", "", None, 3, ["F32"]))
    elif kind == 1:
        e["shape"] = r.choice((wild, [wild], e["shape"][::-1], e["shape"] + [1], [1] * 65, [0, 2**62], [2**31] * 3))
    elif kind == 2:
        e["data_offsets"] = r.choice((wild, [wild, wild], [0, wild], e["data_offsets"][::-1], [-8, 0]))
    elif kind == 3:
        e["data_offsets"] = [v + r.choice((-8, -4, -1, 1, 4)) for v in e["data_offsets"]]
    elif kind == 4:
        del e[r.choice(sorted(e))]
    elif kind == 5:
        header[r.choice(("", "x", name + "/", "\ud800"))] = header.pop(name)
    elif kind == 6:
        others = [n for n in header if n not in ("__metadata__", name)]
        header[name], header[others[0]] = header[others[0]], e
    else:
        e["extra"] = wild
    if r.random() < 0.5:
        try:
            return sealed(header, said(header)["metadata"], payload)
        except (KeyError, TypeError):
            return join(header, payload)
    return join(header, payload)


def more_tensors(r, content, other):
    """An array more, with bytes of its own or without any, or one less."""
    header, payload = split(content)
    metadata = said(header)["metadata"]
    if r.random() < 0.3:
        del header[r.choice([n for n in header if n != "__metadata__"])]
    else:
        shape = r.choice(([3], [0], [0, 2**40], []))
        size = 4 * int(np.prod(shape, dtype=object))
        header["more"] = {"dtype": "F32", "shape": shape, "data_offsets": [len(payload), len(payload) + size]}
        payload += b"\1" * size
        metadata["weights"] += ["more"] * r.randrange(2)
    return sealed(header, metadata, payload)


def duplicate_key(r, content, other):
    header, payload = split(content)
    text = json.dumps(header)
    name = r.choice(list(header))
    return join("{" + json.dumps(name) + ":" + json.dumps(header[name]) + "," + text[1:], payload)


def duplicate_inside(r, content, other):
    header, payload = split(content)
    text = header["__metadata__"][KEY]
    key = r.choice(("seed", "layers", "dtype", "weights"))
    text = text.replace(f'"{key}":', f'"{key}":0,"{key}":', 1)
    return join({**header, "__metadata__": {KEY: text}}, payload)


def bad_json(r, content, other):
    """Depth, constants and digits, outside or in our text."""
    header, payload = split(content)
    depth = r.choice((65, 1000, 100_000))
    wild = r.choice(
        (
            "[" * depth + "]" * depth,
            '{"a":' * depth + "1" + "}" * depth,
            "[" * depth,
            '"' + '\\"' * depth,
            "NaN",
            "-Infinity",
            "1e999",
            "9" * 5000,
            "1." + "0" * 10000,
            "[" + "[]," * 200_000 + "[]]",
            "[" + "[]," * 340_000 + "[]]",
            "[" + '{"":0},' * 140_000 + "[]]",
            '"\\ud800"',
            "",
        )
    )
    if r.random() < 0.4:
        return join(wild, payload)
    text = header["__metadata__"][KEY]
    if r.random() < 0.5:
        return join(
            {**header, "__metadata__": {KEY: r.choice((wild, text.replace('"seed":', f'"seed":{wild},"x":')))}}, payload
        )
    return join(json.dumps(header).replace('"dtype"', f'"x": {wild}, "dtype"', 1), payload)


def version(r, content, other):
    header, payload = split(content)
    text = {**said(header), "format_version": r.choice((0, 2, -1, "1", 1.0, True, None, [], 10**40))}
    found = r.choice(({KEY: json.dumps(text)}, {}, None, [], {KEY: 1}, {KEY: "{}"}, {KEY: "", "format": "pt"}))
    return join({**header, "__metadata__": found}, payload)


MUTATIONS = (
    *(flip, flip_in_header, cut, remove, insert, repeat, swap_floats, header_length, spliced_header),
    *(spliced_metadata, entry, entry, more_tensors, duplicate_key, duplicate_inside, bad_json, version),
    *(architecture, architecture, architecture, architecture),
)


def case(seed, number, contents):
    """(the kind of mutation, the original content, the mutated one)."""
    r = random.Random(f"{seed} {number}")
    content, other = r.sample(contents, 2)
    mutation = r.choice(MUTATIONS)
    return mutation.__name__, content, mutation(r, content, other)


# --- judging


def weights_in(content):
    """The arrays as the file itself says, read in the plainest way."""
    header, payload = split(content)
    return {
        name: np.frombuffer(payload[slice(*e["data_offsets"])], DTYPES[e["dtype"]]).reshape(e["shape"])
        for name, e in header.items()
        if name != "__metadata__"
    }


def state(model):
    """All that was loaded: weights by name, and what they mean."""
    weights = dict(zip(model.weight_names, model.get_weights(), strict=True))
    configs = [dumps(layer.get_config()) for layer in model.layers]
    return weights, (configs, model.seed, model.name, repr(model.loss), repr(model.optimizer), repr(model.metrics))


def equal(a, b):
    return set(a) == set(b) and all(
        a[n].shape == b[n].shape and a[n].tobytes() == np.ascontiguousarray(b[n], a[n].dtype).tobytes() for n in a
    )


class Hang(BaseException):
    pass


def _hang(*_):
    raise Hang


def load(path):
    """(the model or None, what came of it) of a file."""
    try:
        return nn.load_model(path), ""
    except FileError as error:
        return None, f"FileError from {type(error.__cause__).__name__}"
    except Hang:
        return None, "hang"
    except BaseException as error:
        return None, f"WRONG: {type(error).__name__}"


def resident(which):
    """Bytes of this process: "VmRSS" now, "VmHWM" at most since the last `forget_peak`; 0 where nobody says."""
    try:
        return 1024 * int(Path("/proc/self/status").read_text().partition(f"{which}:")[2].split()[0])
    except OSError:
        return 0


def forget_peak():
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def judge(path, original, mutated):
    """What became of a mutated file: (outcome, seconds, bytes beyond twice the file: traced, and resident)."""
    path.write_bytes(mutated)
    forget_peak()
    before, start = resident("VmRSS"), time.perf_counter()
    model, outcome = load(path)
    seconds = time.perf_counter() - start
    if seconds > LONGEST and outcome != "hang":  # unless the machine was busy
        start = time.perf_counter()
        load(path)
        seconds = min(seconds, time.perf_counter() - start)
    grown = resident("VmHWM") - before - 2 * len(mutated)
    del model
    tracemalloc.start()
    model, _ = load(path)
    traced = tracemalloc.get_traced_memory()[1] - 2 * len(mutated)
    tracemalloc.stop()
    if model:
        path.write_bytes(original)
        weights, _ = found = state(model)
        expected = state(nn.load_model(path))
        same_digest = said(split(mutated)[0])["sha256"] == said(split(original)[0])["sha256"]
        if equal(weights, expected[0]) and found[1] == expected[1]:
            outcome = "the same model"
        elif same_digest:
            outcome = "WRONG: another model under the old digest"
        else:
            outcome = "another model, as the file says"
            if not equal(weights, weights_in(mutated)):
                outcome = "WRONG: other weights than the file says"
    return outcome, seconds, traced, grown


def run(seed, numbers, folder):
    """Judge many; a dict of figures."""
    contents = [path.read_bytes() for path in originals(folder)]
    path = Path(folder) / "mutated.safetensors"
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, _hang)
    judge(path, contents[0], contents[0])
    outcomes, longest, traced, resident = Counter(), (0.0, None), (-math.inf, None), (-math.inf, None)
    for number in numbers:
        kind, original, mutated = case(seed, number, contents)
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        outcome, seconds, *memory = judge(path, original, mutated)
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        outcomes["hang" if seconds > LONGEST else outcome] += 1
        longest = max(longest, (seconds, number))
        traced, resident = max(traced, (memory[0], number)), max(resident, (memory[1], number))
        if outcome.startswith("WRONG") or seconds > LONGEST or max(memory) > MOST_MEMORY:
            figures = ", ".join(f"{m / 2**20:.1f} MiB" for m in memory)
            print(f"case {number} ({kind}): {outcome}, {seconds:.2f} s, {figures}", file=sys.stderr)
    return {"outcomes": outcomes, "longest": longest, "traced": traced, "resident": resident}


def total(results):
    """The figures of several runs as one."""
    outcomes = sum((Counter(result["outcomes"]) for result in results), Counter())
    return {"outcomes": outcomes} | {
        key: max(tuple(result[key]) for result in results) for key in ("longest", "traced", "resident")
    }


def is_good(found):
    """Whether nothing hung, took too much memory, or came out as anything but a FileError or what the file says."""
    bad = [outcome for outcome in found["outcomes"] if outcome.startswith("WRONG") or outcome == "hang"]
    return not bad and max(found["traced"][0], found["resident"][0]) <= MOST_MEMORY


def report(found, crashes):
    outcomes, (seconds, slowest) = found["outcomes"], found["longest"]
    wrong = sum(count for outcome, count in outcomes.items() if outcome.startswith("WRONG"))
    (traced, one), (grown, other) = found["traced"], found["resident"]
    lines = [
        f"{outcomes.total()} mutated files: {crashes} crashes, {outcomes['hang']} hangs over {LONGEST:g} s (longest "
        f"{seconds:.2f} s, case {slowest}), {wrong} silently different or of another exception type than FileError; "
        f"most memory beyond twice the file: traced {traced / 2**20:.1f} MiB (case {one}), resident "
        f"{grown / 2**20:.1f} MiB (case {other})"
    ]
    return "\n".join([*lines, *(f"  {count:6} {outcome}" for outcome, count in outcomes.most_common())])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int)
    parser.add_argument("--first", type=int, help=argparse.SUPPRESS)  # this process is the child that does a share
    given = parser.parse_args()
    if given.only is not None:
        given.first, given.count = given.only, 1
    if given.first is not None:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(run(given.seed, range(given.first, given.first + given.count), folder)))
        return 0
    share = -(-given.count // PROCESSES)
    children = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.io.mutations", "--seed", str(given.seed)),
                *("--first", str(first), "--count", str(min(share, given.count - first))),
            ],
            stdout=subprocess.PIPE,
        )
        for first in range(0, given.count, share)
    ]
    outputs = [child.communicate()[0] for child in children]
    crashes = sum(child.returncode != 0 for child in children)
    found = total([json.loads(output) for output in outputs if output])
    print(report(found, crashes))
    return int(bool(crashes) or not is_good(found))


if __name__ == "__main__":
    sys.exit(main())
