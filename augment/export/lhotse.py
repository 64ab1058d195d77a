"""Lhotse manifests: recordings, supervisions and cuts.

Reference: Lhotse's documentation, "Recording manifest", "Supervision manifest", "Cuts".
"""

from collections.abc import Iterator
from functools import partial

from augment.files.content import Content
from augment.formats.lhotse_records import PLAIN, cut, packed_lines, recording, supervision
from augment.testset.reading import Finished, Row

ABOUT = "recordings, supervisions and cuts for Lhotse; start from the test set's folder: paths start there"
EXTRA = None


def files(finished: Finished) -> Iterator[tuple[str, Content]]:
    """``recordings.jsonl.gz``, ``supervisions.jsonl.gz``, ``cuts.jsonl.gz``."""
    rows, custom = finished.rows, partial(finished.others, known=PLAIN)
    yield "recordings.jsonl.gz", packed_lines(lambda: (recording(row, _source(row)) for row in rows))
    yield "supervisions.jsonl.gz", packed_lines(lambda: (supervision(row, custom(row)) for row in rows))
    yield "cuts.jsonl.gz", packed_lines(lambda: (cut(row, custom(row), _source(row)) for row in rows))


def _source(row: Row) -> Row:
    return {"type": "file", "source": row["audio_filepath"]}
