"""The tests beside other programs: CI runs two of them at once, and OpenMP's threads should not spin for long there."""

import os

os.environ.setdefault("GOMP_SPINCOUNT", "10000")
