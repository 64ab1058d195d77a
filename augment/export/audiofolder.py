"""Hugging Face AudioFolder: audio files with ``metadata.jsonl`` beside them.

Reference: the documentation of Hugging Face Datasets, "Create an audio dataset".
"""

import re
from collections.abc import Iterator

from augment.corpus.foreign_tables import free_name
from augment.files.content import Content, Remade
from augment.files.json_text import json_line
from augment.testset.reading import Finished, Row

ABOUT = "audio with metadata.jsonl for load_dataset('audiofolder', data_dir=...); copies the audio"
EXTRA = None
OWN = ("audio",)


def files(finished: Finished) -> Iterator[tuple[str, Content]]:
    """``metadata.jsonl``, with ``file_name`` relative to its folder, and the audio."""
    for row in finished.rows:
        yield _name(row), finished.audio(row)
    yield "metadata.jsonl", Remade(lambda: map(json_line, _told(finished)))


def _name(row: Row) -> str:
    return f"data/{row['condition']}/{row['audio_filepath'].rpartition('/')[2]}"


def _told(finished: Finished) -> Iterator[Row]:
    for row in finished.rows:
        yield {"file_name": _name(row), **_no_files(finished.others(row, ("audio_filepath",), OWN))}


def _no_files(row: Row) -> Row:
    """A row whose labels are not named like a file: Datasets looks for files in columns with such an ending."""
    return {
        free_name(f"{name}_label", row) if re.fullmatch(r"(.*_)?file_names?", name) else name: value
        for name, value in row.items()
    }
