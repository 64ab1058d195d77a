"""Parts of a test set that are exported one at a time, each of them in memory."""

from augment.files.json_rows import Rows

MOST_ITEMS = 500
MOST_BYTES = 200_000_000
BYTES_PER_SAMPLE = 2


def shards(rows: Rows) -> list[slice]:
    """Parts of rows in order, of at most 500 items and 200 MB of samples; a larger item is a part by itself.

    Example:
        >>> shards([{"samples": 40_000_000}] * 5)
        [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    starts, room = list[int](), 0
    for number, row in enumerate(rows):
        size = BYTES_PER_SAMPLE * row["samples"]
        if not starts or number - starts[-1] == MOST_ITEMS or size > room:
            starts.append(number)
            room = MOST_BYTES
        room -= size
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], len(rows)], strict=True)] if starts else []
