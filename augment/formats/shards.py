"""Parts of a test set that are exported one at a time, each of them in memory."""

from collections.abc import Sequence

from augment.testset.reading import Row

MOST_ITEMS = 500
MOST_BYTES = 200_000_000
BYTES_PER_SAMPLE = 2


def shards(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows in order, in parts of at most 500 items and 200 MB of samples; a larger item is a part by itself.

    Example:
        >>> [len(shard) for shard in shards([{"samples": 40_000_000}] * 5)]
        [2, 2, 1]
    """
    parts: list[list[Row]] = []
    room = 0
    for row in rows:
        size = BYTES_PER_SAMPLE * row["samples"]
        if not parts or len(parts[-1]) == MOST_ITEMS or size > room:
            parts.append([])
            room = MOST_BYTES
        parts[-1].append(row)
        room -= size
    return parts
