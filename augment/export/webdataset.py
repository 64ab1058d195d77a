"""WebDataset: tar shards in which an item's files are named by its id.

In an object store these are what to fetch: a shard comes in one request, its items would take one each.
"""

import json
from collections.abc import Iterator

from augment.files.tar import tar_bytes
from augment.formats.shards import shards
from augment.testset.reading import Finished, Row

ABOUT = "tar shards for WebDataset: audio, KEY.json with all columns, KEY.txt with the text"
EXTRA = None


def files(finished: Finished) -> Iterator[tuple[str, bytes]]:
    """``shard-NNNNNN.tar``; ids hold no dots, so that the first dot in a name ends the key."""
    for number, rows in enumerate(map(finished.rows.__getitem__, shards(finished.rows))):
        yield f"shard-{number:06d}.tar", tar_bytes(pair for row in rows for pair in _members(finished, row))


def _members(finished: Finished, row: Row) -> Iterator[tuple[str, bytes]]:
    suffix = row["audio_filepath"].rpartition(".")[2]
    yield f"{row['id']}.{suffix}", finished.audio(row)
    yield f"{row['id']}.json", json.dumps(row).encode()
    yield f"{row['id']}.txt", str(row["text"]).encode()
