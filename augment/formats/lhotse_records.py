"""Items as Lhotse's recordings, supervisions and cuts, which are plain JSON objects."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from augment.files.content import Content, Remade, larger
from augment.files.json_text import json_line
from augment.testset.reading import Row

PLAIN = ("id", "audio_filepath", "duration", "text", "speaker", "samples", "sample_rate")
"""Columns for which Lhotse has fields of its own."""
GZIP = 31
"""What zlib calls the form of a gzip file, with a window of 32 kB."""


def recording(row: Row, source: dict[str, Any]) -> dict[str, Any]:
    """An item's file, as a recording."""
    return {
        "id": row["id"],
        "sources": [{"channels": [0], **source}],
        "sampling_rate": row["sample_rate"],
        "num_samples": row["samples"],
        "duration": row["samples"] / row["sample_rate"],
        "channel_ids": [0],
    }


def supervision(row: Row, custom: Row) -> dict[str, Any]:
    """What is said in an item; everything else that is known about it is ``custom``."""
    told = {"text": row["text"], "speaker": row["speaker"]}
    return {
        "id": row["id"],
        "recording_id": row["id"],
        "start": 0.0,
        "duration": row["samples"] / row["sample_rate"],
        "channel": 0,
        **{name: value for name, value in told.items() if value is not None},
        "custom": custom,
    }


def cut(row: Row, custom: Row, source: dict[str, Any]) -> dict[str, Any]:
    """Both together."""
    return {
        "id": row["id"],
        "start": 0.0,
        "duration": row["samples"] / row["sample_rate"],
        "channel": 0,
        "supervisions": [supervision(row, custom)],
        "recording": recording(row, source),
        "type": "MonoCut",
    }


def packed_lines(objects: Callable[[], Iterable[dict[str, Any]]]) -> Content:
    """JSON Lines, gzip-compressed without a time stamp, so that the same objects give the same bytes.

    Args:
        objects: Makes them, each time that somebody reads the lines.
    """

    def packed() -> Iterator[bytes]:
        packer = zlib.compressobj(6, zlib.DEFLATED, GZIP)
        yield from filter(None, map(packer.compress, larger(map(json_line, objects()))))
        yield packer.flush()

    return Remade(packed)
