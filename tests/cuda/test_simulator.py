"""Training on Numba's CUDA simulator, in a process of its own: it must be chosen before numba is imported."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.compiled, pytest.mark.cuda]
PROGRAM = """
import json, sys
from tests.cuda import models
print(json.dumps(models.difference(getattr(models, sys.argv[1]), "cuda")))
"""


LARGER = [pytest.param(name, marks=pytest.mark.slow) for name in ("cnn", "lstm")]


@pytest.mark.parametrize("model", ["mlp", *LARGER])
def test_three_steps_are_those_of_the_processor(model):
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}
    command = [sys.executable, "-W", "error", "-c", PROGRAM, model]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) < 1e-5
