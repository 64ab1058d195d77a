"""SpeechBrain: one CSV and one JSON file; audio paths start from the data folder that its recipes replace.

Reference: SpeechBrain's documentation, "Data loading".
"""

import json
from collections.abc import Iterator

from augment.export.csv import table
from augment.testset.finished import Finished, Row

ABOUT = "CSV and JSON for SpeechBrain; data_root is the folder of the test set"
EXTRA = None
HELD = ("id", "audio_filepath", "duration", "text")


def files(finished: Finished) -> Iterator[tuple[str, bytes]]:
    """``test.csv`` with ``$data_root`` and ``test.json`` with ``{data_root}``."""
    yield "test.csv", table([_row(finished, row, "$data_root") for row in finished.rows])
    told = {row["id"]: _row(finished, row, "{data_root}") for row in finished.rows}
    for row in told.values():
        row.pop("ID")
    yield "test.json", (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def _row(finished: Finished, row: Row, root: str) -> Row:
    first = {"ID": row["id"], "duration": row["duration"], "wav": f"{root}/{row['audio_filepath']}"}
    return {**first, "words": row["text"], **finished.others(row, HELD)}
