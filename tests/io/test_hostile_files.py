"""Mutated files, and what happens in the interpreter while a file is loaded."""

import json
import os
import subprocess
import sys

import pytest

from tests.io.mutations import MUTATIONS, case, is_good, report, run, total
from tests.io.parts import originals

WATCHED = """
import json, sys
import numbanet as nn
paths = sys.argv[1:]
for path in paths:
    nn.load_model(path)  # what is imported once, is imported
events = []
sys.addaudithook(lambda event, arguments: events.append((event, [repr(a) for a in arguments])))
for path in paths:
    nn.load_model(path)
found, events = events, []
print(json.dumps(found))
"""


def assert_good(found):
    assert is_good(found), report(found, 0)


def test_mutated_files_are_refused_or_are_what_they_say(tmp_path):
    found = run(0, range(300), tmp_path)
    assert_good(found)
    assert found["outcomes"].total() == 300
    assert found["outcomes"]["another model, as the file says"] > 0  # a digest that is right gets past
    assert sum(n for outcome, n in found["outcomes"].items() if "FileError" in outcome) > 200


@pytest.mark.nightly
def test_a_thousand_mutated_files_are_refused_or_are_what_they_say(tmp_path):
    assert_good(total([run(1, range(1000), tmp_path)]))


def test_a_case_is_a_function_of_seed_and_number(tmp_path):
    contents = [path.read_bytes() for path in originals(tmp_path)]
    cases = [case(0, number, contents) for number in range(100)]
    assert cases == [case(0, number, contents) for number in range(100)]
    assert cases != [case(1, number, contents) for number in range(100)]
    assert {kind for kind, _, _ in cases} == {mutation.__name__ for mutation in MUTATIONS}


def test_nothing_is_run_imported_unpickled_or_written_while_a_file_is_loaded(tmp_path):
    paths = [str(path) for path in originals(tmp_path)]
    result = subprocess.run([sys.executable, "-c", WATCHED, *paths], capture_output=True, text=True, check=True)
    events = json.loads(result.stdout)
    opened = [arguments for event, arguments in events if event == "open"]
    assert [name for name, _, _ in opened] == [repr(path) for path in paths]
    assert not any(int(flags) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) for _, _, flags in opened)
    names = {event for event, _ in events} - {"open"}
    assert not names & {"exec", "compile", "import", "marshal.loads", "pickle.find_class", "code.__new__"}
    assert not [n for n in names if n.startswith(("ctypes.", "subprocess.", "socket.", "os.", "shutil.", "tempfile."))]
