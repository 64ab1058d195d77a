"""The comparisons that somebody meant to make before seeing any scores: a family of their own."""

import csv
import io
from pathlib import Path

from augment.errors import Fault, ScoreError
from augment.files.regular import read_record

NEEDED, REFERENCE = ("group", "other", "condition"), "reference"


def read_contrasts(path: Path) -> tuple[tuple[str, str, str, str | None], ...]:
    """Pairs of groups in conditions, from CSV with the columns ``group``, ``other``, ``condition``, and ``reference``.

    The reference is the condition against which a gap is to grow; where it is empty, that of all other comparisons.

    Raises:
        ScoreError: The file cannot be read, has other columns, a row with an empty cell, or a comparison twice.
    """
    text = read_record(path, ScoreError).decode("utf-8-sig", errors="replace")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = list(reader.fieldnames or ())
    if sorted(set(columns) - {REFERENCE}) != sorted(NEEDED) or len(set(columns)) != len(columns):
        expected = f"expected {', '.join(NEEDED)} and perhaps {REFERENCE}, each once"
        raise ScoreError(Fault(f"{path}:1", f"the columns are {', '.join(map(str, columns)) or 'nothing'}; {expected}"))
    found_rows, faults = list[tuple[str, str, str, str | None]](), list[Fault]()
    known: dict[tuple[frozenset[str], str, str | None], int] = {}
    for row in reader:
        one, other, condition = ((row[name] or "").strip() for name in NEEDED)
        if not (one and other and condition) or one == other:
            faults.append(Fault(f"{path}:{reader.line_num}", "expected two groups that differ, and a condition"))
        reference = (row.get(REFERENCE) or "").strip() or None
        first = known.setdefault((frozenset((one, other)), condition, reference), reader.line_num)
        if first != reader.line_num:
            faults.append(
                Fault(f"{path}:{reader.line_num}", f"line {first} makes this comparison", "keep one of the two")
            )
        found_rows.append((one, other, condition, reference))
    if not found_rows:
        faults.append(Fault(str(path), "there is no comparison in it"))
    if faults:
        raise ScoreError(faults)
    return tuple(found_rows)
