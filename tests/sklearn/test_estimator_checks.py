"""scikit-learn's own checks of an estimator, all of them."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("sklearn")

RUN = """
import json, sys, warnings
warnings.simplefilter("ignore")
from sklearn.utils.estimator_checks import check_estimator
import numbanet.sklearn
estimator = getattr(numbanet.sklearn, sys.argv[1])(max_iter=100)
found = check_estimator(estimator, on_fail=None, on_skip=None)
print(json.dumps([[r["check_name"], r["status"], repr(r["exception"])] for r in found]))
"""

# why a check may be skipped, by what it says
REASONS = ("pandas is not installed", "array_api_strict is not installed")


@pytest.mark.compiled
@pytest.mark.parametrize(("name", "least"), [("NumbanetClassifier", 67), ("NumbanetRegressor", 60)])
def test_every_check_of_scikit_learn_passes(name, least):
    # a process of its own: SciPy looks for its setting when it is imported
    command = [sys.executable, "-c", RUN, name]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"SCIPY_ARRAY_API": "1"}
    )
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"{name}: {len(found)} checks, {sum(status == 'passed' for _, status, _ in found)} passed")
    assert len(found) >= least
    assert not [entry for entry in found if entry[1] not in ("passed", "skipped")]
    assert not [entry for entry in found if entry[1] == "skipped" and not any(r in entry[2] for r in REASONS)]
