"""SpeechBrain: one CSV and one JSON file; audio paths start with a placeholder that its recipes replace.

SpeechBrain replaces ``$word`` in every cell of a CSV file and ``{word}`` in every text of a JSON file. In JSON, braces
are doubled, as it requires. In CSV there is no way to write a dollar sign: at ``$5`` in a text it stops, and the JSON
file must be used. Both are read by programs, so no apostrophes are put before what a spreadsheet takes for a formula.

Reference: SpeechBrain's documentation, "Data loading".
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from augment.export.csv import exact_table
from augment.files.content import Content, Remade
from augment.testset.reading import Finished, Row

ABOUT = "CSV and JSON for SpeechBrain; data_root is the folder of the test set; texts with '$' in JSON only"
EXTRA = None
HELD = ("id", "audio_filepath", "duration", "text")
OWN = ("ID", "wav", "words")


def files(finished: Finished) -> Iterator[tuple[str, Content]]:
    """``test.csv`` with ``$data_root`` and ``test.json`` with ``{data_root}``."""
    yield "test.csv", exact_table(Told(finished))
    yield "test.json", Remade(lambda: _json(finished))


@dataclass(frozen=True)
class Told:
    """Rows as the table tells them, made while they are read."""

    finished: Finished

    def __iter__(self) -> Iterator[Row]:
        return ({"ID": row["id"], **_row(self.finished, row, "$data_root")} for row in self.finished.rows)


def _json(finished: Finished) -> Iterator[bytes]:
    """One object of all items by their id, indented by one space as ``json.dumps`` does it, an item at a time."""
    before = "{\n"
    for row in finished.rows:
        told = _escaped(_row(finished, row, ""))
        told["wav"] = "{data_root}" + told["wav"]
        yield f"{before}{json.dumps({row['id']: told}, indent=1)[2:-2]}".encode()
        before = ",\n"
    yield b"\n}\n" if finished.rows else b"{}\n"


def _row(finished: Finished, row: Row, root: str) -> Row:
    first = {"duration": row["duration"], "wav": f"{root}/{row['audio_filepath']}", "words": row["text"]}
    return {**first, **finished.others(row, HELD, OWN)}


def _escaped(row: Row) -> dict[str, Any]:
    return {n: v.replace("{", "{{").replace("}", "}}") if isinstance(v, str) else v for n, v in row.items()}
