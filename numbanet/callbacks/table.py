"""Values by epoch as lines of a CSV file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

MISSING = "NA"


def csv_lines(
    header: Sequence[str], rows: Iterable[dict[str, Any]], columns: Sequence[str], separator: str = ","
) -> str:
    """The header, unless it is empty, and the columns of each row; a value that a row lacks is NA."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    if header:
        writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(row.get(name, MISSING)) for name in columns])
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A number in all its digits; an array as nested lists that json.loads reads."""
    if np.ndim(value):
        return json.dumps(np.asarray(value).tolist())
    return value.item() if isinstance(value, np.generic | np.ndarray) else value
