"""Items as Lhotse's recordings, supervisions and cuts, which are plain JSON objects."""

import gzip
from collections.abc import Iterable
from typing import Any

from augment.files.json_text import json_lines
from augment.testset.reading import Row

PLAIN = ("id", "audio_filepath", "duration", "text", "speaker", "samples", "sample_rate")
"""Columns for which Lhotse has fields of its own."""


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


def packed_lines(objects: Iterable[dict[str, Any]]) -> bytes:
    """JSON Lines, gzip-compressed without a time stamp, so that the same objects give the same bytes."""
    return gzip.compress(json_lines(objects), compresslevel=6, mtime=0)
