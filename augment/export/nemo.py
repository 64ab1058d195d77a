"""NeMo manifest: JSON Lines; audio paths are relative to its own folder, where NeMo looks for them."""

from collections.abc import Iterator

from augment.files.content import Content, Remade
from augment.files.json_text import json_line
from augment.testset.reading import Finished, Row

ABOUT = "JSON Lines for NeMo and its Speech Data Explorer; audio paths start from nemo/"
EXTRA = None
OWN = ("audio_filename", "sampling_rate", "_skipme", "token_labels")
"""NeMo prefers the first to ``audio_filepath``, takes the second for a rate in Hz, and skips rows by the third."""


def files(finished: Finished) -> Iterator[tuple[str, Content]]:
    """``manifest.jsonl``: every column, the same keys in every row."""
    yield "manifest.jsonl", Remade(lambda: map(json_line, _told(finished)))


def _told(finished: Finished) -> Iterator[Row]:
    for row in finished.rows:
        yield {**finished.others(row, (), OWN), "audio_filepath": f"../{row['audio_filepath']}"}
