"""Results of `numbanet bench` as a section of bench/RESULTS.md: python bench/whole.py all.json

They come from `numbanet bench all --json all.json`, whose limits, kernels, ladders and training steps are all in it.
"""

from __future__ import annotations

import argparse
import re

import report

from numbanet.bench.report.text import markdown
from numbanet.bench.results import Results, read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", help="of --json")
    options = parser.parse_args()
    results = Results()
    for path in options.files:
        results.add(read(path))
    _, text = markdown(results).split("\n\n", 1)
    text = re.sub("^##", "###", text, flags=re.MULTILINE).rstrip()  # below the section's own title
    report.write_section("numbanet bench", report.prose(__doc__), text)


if __name__ == "__main__":
    main()
