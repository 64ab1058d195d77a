"""Lhotse Shar: cuts and their audio in shards for sequential reading.

Reference: Lhotse's documentation, "Lhotse Shar".
"""

import json
from collections.abc import Iterator

from augment.files.content import Content
from augment.files.tar import tar_bytes
from augment.formats.lhotse_records import PLAIN, cut, packed_lines, recording
from augment.formats.shards import shards
from augment.testset.reading import Finished, Row

ABOUT = "shards of cuts with their audio for Lhotse (CutSet.from_shar)"
EXTRA = None
MEMORY = {"type": "shar", "source": ""}
"""What Shar writes as the source of audio that is in the archive beside it."""


def files(finished: Finished) -> Iterator[tuple[str, Content]]:
    """``cuts.NNNNNN.jsonl.gz`` and ``recording.NNNNNN.tar``."""
    for number, rows in enumerate(map(finished.rows.__getitem__, shards(finished.rows))):
        cuts = [cut(row, finished.others(row, PLAIN), MEMORY) for row in rows]
        yield f"cuts.{number:06d}.jsonl.gz", packed_lines(cuts.__iter__)
        yield f"recording.{number:06d}.tar", tar_bytes(pair for row in rows for pair in _members(finished, row))


def _members(finished: Finished, row: Row) -> Iterator[tuple[str, bytes]]:
    """An item's audio, and the recording it belongs to."""
    suffix = row["audio_filepath"].rpartition(".")[2]
    yield f"{row['id']}.{suffix}", finished.audio(row)
    yield f"{row['id']}.json", json.dumps(recording(row, MEMORY)).encode()
