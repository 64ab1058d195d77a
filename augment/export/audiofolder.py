"""Hugging Face AudioFolder: audio files with ``metadata.jsonl`` beside them.

Reference: the documentation of Hugging Face Datasets, "Create an audio dataset".
"""

from collections.abc import Iterator

from augment.files.json_text import json_lines
from augment.testset.finished import Finished

ABOUT = "audio with metadata.jsonl for load_dataset('audiofolder', data_dir=...); copies the audio"
EXTRA = None
OWN = ("file_name", "audio")
"""Where the audio is, and the column that Datasets makes of it."""


def files(finished: Finished) -> Iterator[tuple[str, bytes]]:
    """``metadata.jsonl``, whose ``file_name`` starts from its folder, and the audio."""
    rows = []
    for row in finished.rows:
        name = f"data/{row['condition']}/{row['audio_filepath'].rpartition('/')[2]}"
        rows.append({"file_name": name, **finished.others(row, ("audio_filepath",), OWN)})
        yield name, finished.audio(row)
    yield "metadata.jsonl", json_lines(rows)
