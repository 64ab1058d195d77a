"""The comparisons that somebody meant to make before seeing any scores: a family of their own."""

import csv
import io
from pathlib import Path

from augment.errors import Fault, ScoreError
from augment.files.regular import read_record

NEEDED = ("group", "other", "condition")


def read_contrasts(path: Path) -> tuple[tuple[str, str, str, str | None], ...]:
    """Pairs of groups in conditions, from CSV with the columns ``group``, ``other``, ``condition``, and ``reference``.

    The reference is the condition against which a gap is to grow; where it is empty, that of all other comparisons.

    Raises:
        ScoreError: The file cannot be read, lacks a column, or has a row with an empty cell.
    """
    text = read_record(path, ScoreError).decode("utf-8-sig", errors="replace")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    lacking = [name for name in NEEDED if name not in (reader.fieldnames or ())]
    if lacking:
        expected = f"expected {', '.join(NEEDED)} and perhaps reference"
        found = ", ".join(map(str, reader.fieldnames or ())) or "nothing"
        raise ScoreError(Fault(f"{path}:1", f"the columns are {found}; {expected}"))
    found_rows, faults = list[tuple[str, str, str, str | None]](), list[Fault]()
    for row in reader:
        one, other, condition = ((row[name] or "").strip() for name in NEEDED)
        if not (one and other and condition) or one == other:
            faults.append(Fault(f"{path}:{reader.line_num}", "expected two groups that differ, and a condition"))
        found_rows.append((one, other, condition, (row.get("reference") or "").strip() or None))
    if not found_rows:
        faults.append(Fault(str(path), "there is no comparison in it"))
    if faults:
        raise ScoreError(faults)
    return tuple(found_rows)
